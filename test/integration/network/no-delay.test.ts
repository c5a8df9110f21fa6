import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { childrenOf, start, temporaryFolder } from "../wirebench.ts";

/** Asks the kernel for TCP_NODELAY of every established TCP socket of a process, through copies of its descriptors. */
const LOOK = `
import ctypes, json, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
found = []
pid = int(sys.argv[1])
handle = os.pidfd_open(pid)
for name in os.listdir(f"/proc/{pid}/fd"):
    try:
        if not os.readlink(f"/proc/{pid}/fd/{name}").startswith("socket:"): continue
    except OSError: continue
    copy = libc.syscall(438, handle, int(name), 0)
    if copy < 0: sys.exit(f"pidfd_getfd: {os.strerror(ctypes.get_errno())}")
    peer = socket.socket(fileno=copy)
    if peer.family not in (socket.AF_INET, socket.AF_INET6): continue
    try: peer.getpeername()
    except OSError: continue
    found.append(peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
print(json.dumps(found))`;

/** Absent where the kernel or the machine does not let us look. */
function noDelayOf(pid: number): readonly number[] | undefined {
  const { status, stdout, stderr } = spawnSync("python3", ["-c", LOOK, String(pid)], { encoding: "utf8" });
  if (status === 0) return JSON.parse(stdout) as number[];
  console.warn(`skipped: ${stderr.trim().split("\n").at(-1) ?? "no python3"}`);
  return undefined;
}

it.each(["http", "grpc", "mqtt", "http-relay"])(
  "%s: TCP_NODELAY is set at every end of every connection",
  { timeout: 60_000 },
  async (transport) => {
    const folder = await temporaryFolder();
    const args = [
      "--transport",
      transport,
      "--model",
      "null",
      "--input",
      "synthetic",
      "--encoding",
      "binary",
    ];
    const length = ["--duration", "20s", "--repetitions", "1", "--warmup", "20s", "--concurrency", "3"];
    const bench = start(["bench", ...args, ...length, "--wire-bytes", "payload", "--out", folder.path]);
    try {
      const wanted = transport === "mqtt" || transport === "http-relay" ? 3 : 2;
      const isReady = (): boolean => {
        const roles = childrenOf(bench.child.pid).map(({ entry }) => entry.split("/").at(-1));
        return roles.length === wanted && roles.includes("generator.js");
      };
      while (!isReady()) await pause(50);
      // Connections are opened one after the other once the generator is there.
      await pause(3_000);
      for (const { pid, entry } of childrenOf(bench.child.pid)) {
        const found = noDelayOf(pid);
        if (found === undefined) return;
        expect(found.length, entry).toBeGreaterThan(0);
        expect(found, entry).toEqual(found.map(() => 1));
      }
    } finally {
      bench.child.kill("SIGINT");
      await bench.ended;
      await folder.remove();
    }
  },
);

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
