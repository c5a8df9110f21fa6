// @ts-check
import { cp, mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** @typedef {"none" | "compute" | "transport"} Slowdown */

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const OWN = ["dist", ".git", "results"];

/** Multiplies and adds in a vector that stays in the cache, as a net does, until the time is over. */
const COMPUTE = `
const vector = new Float64Array(2048).fill(1.0000001);
let sink = 0;
function burn(us) {
  const untilNs = process.hrtime.bigint() + BigInt(Math.round(us * 1000));
  while (process.hrtime.bigint() < untilNs) for (let i = 0; i < vector.length; i++) sink += vector[i] * 0.5;
}`;

/** Copies memory, as a transport does that copies its messages once more, until the time is over. */
const COPIES = `
const from = Buffer.alloc(1 << 18, 1);
const to = Buffer.alloc(1 << 18);
function burn(us) {
  const untilNs = process.hrtime.bigint() + BigInt(Math.round(us * 1000));
  while (process.hrtime.bigint() < untilNs) from.copy(to);
}`;

/**
 * The modules of `dist` that stand in for the originals (which move to `…original.js`), by path.
 * @type {Record<Slowdown, Record<string, (extraUs: number) => string>>}
 */
const REPLACED = {
  none: {},
  compute: {
    // Within the time of the inference, on the thread that runs the model.
    "serving/onnx-session.js": (us) => `import * as original from "./onnx-session.original.js";
export * from "./onnx-session.original.js";
${COMPUTE}
export async function openSession(...args) {
  const session = await original.openSession(...args);
  return { ...session, async run(...args) { const answer = await session.run(...args); burn(${us}); return answer; } };
}
`,
    // The built-in models have no session: on the thread with the sockets, where they run themselves.
    "serving/builtin.js": (us) => `import * as original from "./builtin.original.js";
export * from "./builtin.original.js";
${COMPUTE}
export function builtinInput(...args) { burn(${us}); return original.builtinInput(...args); }
`,
  },
  transport: {
    // Between the answer's arrival and the mark of it: the downlink gets longer.
    "scenarios/transports.js": (us) => `import * as original from "./transports.original.js";
export * from "./transports.original.js";
${COPIES}
export function createTransport(name) {
  const transport = original.createTransport(name);
  return {
    ...transport,
    serve: (...args) => transport.serve(...args),
    async connect(...args) {
      const client = await transport.connect(...args);
      const infer = client.infer.bind(client);
      client.infer = async (request, options) => {
        const answer = await infer(request, options);
        const fromNs = process.hrtime.bigint();
        burn(${us});
        options.marks.receivedNs += Number(process.hrtime.bigint() - fromNs);
        return answer;
      };
      return client;
    },
  };
}
`,
  },
};

/**
 * A copy of the project's build in a temporary folder, as `gate --base DIR` takes it, with a slowdown built in.
 *
 * @param {Slowdown} slowdown
 * @param {number} extraUs - microseconds that each request takes longer.
 * @returns {Promise<{ readonly path: string, remove(): Promise<void> }>}
 */
export async function slowedCopy(slowdown, extraUs) {
  const folder = await mkdtemp(join(tmpdir(), "wirebench-slowed-"));
  const path = join(folder, slowdown);
  await mkdir(path);
  for (const name of await readdir(ROOT)) {
    if (!OWN.includes(name)) await symlink(join(ROOT, name), join(path, name));
  }
  await cp(join(ROOT, "dist"), join(path, "dist"), { recursive: true });
  for (const [file, source] of Object.entries(REPLACED[slowdown])) {
    const module = join(path, "dist", file);
    await rename(module, module.replace(/\.js$/, ".original.js"));
    await writeFile(module, source(extraUs));
  }
  return { path, remove: () => rm(folder, { recursive: true, force: true }) };
}
