import { afterAll, beforeAll, describe } from "vitest";
import { type InteropModels, writeInteropModels } from "./interop-models.ts";
import { type OurServer, startOurServer } from "./our-server.ts";
import { testPythonChecks } from "./python-checks.ts";

const MODELS = "identity,null,half,text,scores,times,m1-small";
const TRITON_CHECKS = [
  "health",
  "metadata",
  "configuration",
  "statistics",
  "binary",
  "large",
  "image_to_mask",
  "half_precision",
  "texts",
  "classification",
  "versions",
  "compressed",
  "repository",
  "shared_memory_is_refused",
  "errors",
] as const;

describe("Python clients, unmodified, of our server", () => {
  let models: InteropModels;
  let server: OurServer;

  beforeAll(async () => {
    models = await writeInteropModels();
    const repository = ["--model-repository", models.dir, "--model", MODELS];
    server = await startOurServer(["http", "grpc", "tfs-http", "tfs-grpc"], repository);
  });
  afterAll(async () => {
    await server?.stop();
    await models.remove();
  });

  describe("tritonclient over HTTP", () => {
    const names = [...TRITON_CHECKS, "json_numbers", "several_at_once"];
    testPythonChecks("triton_checks.py", names, () => ["http", server.address("http")]);
  });
  describe("tritonclient over gRPC", () => {
    testPythonChecks("triton_checks.py", [...TRITON_CHECKS, "stream"], () => [
      "grpc",
      server.address("grpc"),
    ]);
  });
  describe("a TensorFlow Serving client over gRPC", () => {
    const names = ["predict", "version", "bytes_and_texts", "tensor_content", "metadata", "status", "errors"];
    testPythonChecks("tfs_checks.py", names, () => [server.address("tfs+grpc")]);
  });
});
