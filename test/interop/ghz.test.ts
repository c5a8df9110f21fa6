import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type OurServer, startOurServer } from "./our-server.ts";
import { PROGRAMS, runWell } from "./peer-programs.ts";

const SERVICE = "inference.GRPCInferenceService";
const INFER = {
  model_name: "identity",
  inputs: [{ name: "input", datatype: "UINT8", shape: [4] }],
  raw_input_contents: [Buffer.from([1, 2, 3, 4]).toString("base64")],
};

interface GhzReport {
  readonly count: number;
  readonly statusCodeDistribution: Readonly<Record<string, number>>;
}

describe("ghz, unmodified, against our server; the messages by reflection", () => {
  let server: OurServer;
  beforeAll(async () => {
    server = await startOurServer(["grpc"], ["--model", "identity"]);
  });
  afterAll(() => server.stop());

  it.each([
    { call: `${SERVICE}.ModelInfer`, data: INFER },
    { call: `${SERVICE}.ModelStreamInfer`, data: [INFER, INFER, INFER] },
    { call: `${SERVICE}.ModelMetadata`, data: { name: "identity" } },
    { call: `${SERVICE}.ModelConfig`, data: { name: "identity" } },
    { call: `${SERVICE}.RepositoryIndex`, data: {} },
    { call: "grpc.health.v1.Health.Check", data: { service: SERVICE } },
  ])("calls $call", async ({ call, data }) => {
    const load = ["-n", "100", "-c", "4", "-O", "json", "-d", JSON.stringify(data)];
    const { stdout } = await runWell(PROGRAMS.ghz, [
      "--insecure",
      "--call",
      call,
      ...load,
      server.address("grpc"),
    ]);
    const { count, statusCodeDistribution } = JSON.parse(stdout) as GhzReport;
    expect({ count, statusCodeDistribution }).toEqual({ count: 100, statusCodeDistribution: { OK: 100 } });
  });

  it("is told of an unknown model", async () => {
    const load = ["-n", "10", "-O", "json", "-d", JSON.stringify({ ...INFER, model_name: "nobody" })];
    const what = ["--insecure", "--call", `${SERVICE}.ModelInfer`, ...load, server.address("grpc")];
    const { statusCodeDistribution } = JSON.parse((await runWell(PROGRAMS.ghz, what)).stdout) as GhzReport;
    expect(statusCodeDistribution).toEqual({ NotFound: 10 });
  });
});
