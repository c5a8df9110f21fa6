// A process of its own for the conformance suite: plain JavaScript, because Node runs it as it is.
import { createMarks } from "../../dist/core/transport.js";

const { role, module, factory, serveOptions, connectOptions } = JSON.parse(process.argv[2]);
const exports = await import(new URL(`../../dist/${module}`, import.meta.url).href);
const transport = exports[factory]();

/** Answers one byte after `wirebench_delay_us`. */
const core = {
  serverMetadata: () => ({ name: "process", version: "1", extensions: [] }),
  isReady: () => true,
  isModelReady: () => true,
  modelNames: () => ["delay"],
  modelMetadata: () => ({ name: "delay", versions: ["1"], platform: "test", inputs: [], outputs: [] }),
  statistics: () => [],
  async infer({ modelName, id, parameters }) {
    await new Promise((resolve) => setTimeout(resolve, (parameters?.wirebench_delay_us ?? 0) / 1000));
    const outputs = [{ name: "output", datatype: "UINT8", shape: [1], data: Uint8Array.of(1) }];
    return { modelName, modelVersion: "1", id, parameters: {}, outputs, finishedNs: 0 };
  },
  inferEncoded: () => Promise.reject(new Error("not used")),
  close: () => Promise.resolve(),
};

const server = await transport.serve(core, serveOptions);
if (role === "server") {
  console.log(server.endpoint);
} else {
  const client = await transport.connect(server.endpoint, connectOptions);
  const inputs = [{ name: "input", datatype: "UINT8", shape: [1], data: Uint8Array.of(1) }];
  const request = { modelName: "delay", id: "1", inputs };
  await client.infer(request, {
    marks: createMarks(),
    deadlineMs: 5000,
    signal: new AbortController().signal,
  });
  await client.close();
  await server.close();
  // Whatever is still open now would keep the process from ending.
  console.log("closed");
}
