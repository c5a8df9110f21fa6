// @ts-check
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, symlink, writeFile } from "node:fs/promises";
import net from "node:net";
import { join, resolve } from "node:path";

const CLI = new URL("../../dist/cli/main.js", import.meta.url).pathname;

/** A server in processes of its own. @typedef {object} Serving
 * @property {string} http - `host:port`.
 * @property {string} grpc
 * @property {() => Promise<void>} stop
 */

/** Our server, as `npm run serve` starts it. @param {readonly string[]} args @returns {Promise<Serving>} */
export async function startOurs(args) {
  const child = spawn(process.execPath, [CLI, "serve", "--http-port", "0", "--grpc-port", "0", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const written = collect(child);
  await until(() => written().includes("Ctrl-C"), child, written);
  const address = (/** @type {string} */ scheme) =>
    new RegExp(`^${scheme}://(\\S+?)/?$`, "m").exec(written())?.[1] ?? "";
  return { http: address("http"), grpc: address("grpc"), stop: () => stop(child) };
}

/** Triton. @param {string} peers - the cache of test/interop/install.sh. @param {string} repository @returns {Promise<Serving>} */
export async function startTriton(peers, repository) {
  const [http, grpc] = [await freePort(), await freePort()];
  const options = [`--http-port=${http}`, `--grpc-port=${grpc}`, "--allow-metrics=false"];
  const child = spawn(
    join(peers, "triton/tritonserver"),
    [`--model-repository=${repository}`, "--http-address=127.0.0.1", "--grpc-address=127.0.0.1", ...options],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const written = collect(child);
  const isReady = () =>
    fetch(`http://127.0.0.1:${http}/v2/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  await until(isReady, child, written);
  return { http: `127.0.0.1:${http}`, grpc: `127.0.0.1:${grpc}`, stop: () => stop(child) };
}

/**
 * One ONNX file as the model `segment` of two repositories: ours has the file, Triton's a Python model that runs it with ONNX
 * Runtime's CPU provider and as many threads.
 *
 * @param {string} folder @param {string} file @param {number} threads
 */
export async function writeSegmentRepositories(folder, file, threads) {
  const ours = join(folder, "ours");
  const triton = join(folder, "triton");
  await mkdir(join(ours, "segment", "1"), { recursive: true });
  await symlink(resolve(file), join(ours, "segment", "1", "model.onnx"));
  const tensors = `max_batch_size: 0
input [{ name: "input" data_type: TYPE_UINT8 dims: [ 1, -1, -1, 3 ] }]
output [{ name: "ArgMax" data_type: TYPE_INT64 dims: [ 1, -1, -1 ] }]
`;
  await writeFile(
    join(ours, "segment", "config.pbtxt"),
    `name: "segment"\nplatform: "onnxruntime_onnx"\n${tensors}`,
  );
  await mkdir(join(triton, "segment", "1"), { recursive: true });
  await cp(new URL("segment-model.py", import.meta.url).pathname, join(triton, "segment", "1", "model.py"));
  const parameters = Object.entries({ file: resolve(file), threads: String(threads) })
    .map(([key, value]) => `parameters: { key: "${key}" value: { string_value: "${value}" } }\n`)
    .join("");
  await writeFile(join(triton, "segment", "config.pbtxt"), `backend: "python"\n${tensors}${parameters}`);
  return { ours, triton };
}

/** @typedef {import("node:child_process").ChildProcessByStdio<null, import("node:stream").Readable, import("node:stream").Readable>} Piped */

/** @param {Piped} child */
function collect(child) {
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (/** @type {string} */ part) => {
      text = (text + part).slice(-20_000);
    });
  }
  return () => text;
}

/** @param {() => boolean | Promise<boolean>} isReady @param {Piped} child @param {() => string} written */
async function until(isReady, child, written) {
  for (let attempt = 0; attempt < 600; attempt++) {
    if (child.exitCode !== null) throw new Error(`a server ended: ${written().trim().split("\n").at(-1)}`);
    if (await isReady()) return;
    await new Promise((wait) => setTimeout(wait, 100));
  }
  await stop(child);
  throw new Error("a server is not ready after a minute");
}

/** @param {Piped} child */
async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  await exited;
}

async function freePort() {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  server.close();
  await once(server, "close");
  return address.port;
}
