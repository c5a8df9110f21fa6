import { type Running, start } from "../integration/wirebench.ts";

/** `npm run serve` on ports of its own. */
export interface OurServer {
  /** The endpoint of a scheme (`http`, `grpc`, `mqtt`, `tfs+http`, `tfs+grpc`), as printed. */
  url(scheme: string): string;
  /** The same as `host:port`. */
  address(scheme: string): string;
  /** @throws unless it ends with 0. */
  stop(): Promise<void>;
}

const PORT_OPTIONS: Readonly<Record<string, string>> = {
  http: "--http-port",
  grpc: "--grpc-port",
  mqtt: "--mqtt-port",
  "tfs-http": "--tfs-http-port",
  "tfs-grpc": "--tfs-grpc-port",
};

/**
 * Starts it and waits until it serves.
 *
 * @param args - more options, `--model` among them.
 */
export async function startOurServer(
  transports: readonly string[],
  args: readonly string[],
): Promise<OurServer> {
  const ports = transports.flatMap((transport) => [PORT_OPTIONS[transport] ?? "", "0"]);
  const running: Running = start(["serve", "--transport", transports.join(","), ...ports, ...args]);
  await running.wrote("Ctrl-C");
  const lines = running.stdout().trim().split("\n");
  const url = (scheme: string): string => {
    const found = lines.find((line) => line.startsWith(`${scheme}://`));
    if (found === undefined) throw new Error(`no endpoint ${scheme}:// in ${lines.join(", ")}`);
    return found;
  };
  return {
    url,
    address: (scheme) =>
      url(scheme)
        .slice(scheme.length + "://".length)
        .replace(/\/$/, ""),
    async stop() {
      running.child.kill("SIGINT");
      const { code, stderr } = await running.ended;
      if (code !== 0) throw new Error(`serve ended with ${code}: ${stderr}`);
    },
  };
}
