import { readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { MachineReport } from "../../../src/scenarios/machine/examine-machine.ts";
import { readCsv, run, temporaryFolder } from "../wirebench.ts";
import { writeFakeNvidiaSmi } from "./fake-nvidia-smi.ts";
import { writeGpuModels } from "./gpu-models.ts";
import { softwareVulkan, VULKAN_FOLDER } from "./vulkan.ts";

const env = softwareVulkan();
const where = env === undefined ? `skipped: ${VULKAN_FOLDER} names no software Vulkan device` : "SwiftShader";

describe.skipIf(env === undefined)(`WebGPU on a software Vulkan device (${where})`, () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeAll(async () => {
    folder = await temporaryFolder();
    writeGpuModels(path.join(folder.path, "models"));
    writeFakeNvidiaSmi(path.join(folder.path, "bin"));
  });
  afterAll(() => folder.remove());

  const bench = (model: string, more: readonly string[] = [], withSmi = false) =>
    run(
      [
        ...["bench", "--model", model, "--device", "gpu", "--input", "synthetic", "--size", "32x24"],
        ...["--repository", path.join(folder.path, "models"), "--out", path.join(folder.path, "out")],
        ...["--repetitions", "1", "--duration", "1s", "--warmup", "0", "--tuning", "defaults", ...more],
      ],
      undefined,
      withSmi ? { ...env, PATH: `${path.join(folder.path, "bin")}:${env?.["PATH"]}` } : env,
    );

  it("doctor finds that ONNX Runtime runs a model on it", async () => {
    const { stdout } = await run(["doctor", "--json"], undefined, env);
    const { findings } = JSON.parse(stdout) as MachineReport;
    expect(findings.find(({ id }) => id === "provider-webgpu")).toMatchObject({ state: "ok" });
  });

  it("a bench on --device gpu says which provider ran how many nodes, and samples the GPU", async () => {
    const ended = await bench(
      "edges",
      ["--transport", "local,http", "--encoding", "binary", "--instances", "2"],
      true,
    );
    expect(ended.code, ended.stderr + ended.stdout).toBe(0);
    const results = ended.stdout.trim().split("\n").at(-1) ?? "";
    const rows = readCsv(path.join(results, "summary.csv"));
    expect(rows).toHaveLength(2);
    const report = JSON.parse(readFileSync(path.join(results, "report.json"), "utf8"));
    for (const [index, row] of rows.entries()) {
      expect(row).toMatchObject({ device: "gpu", execution_provider: "WebGpuExecutionProvider" });
      expect(["identical", "agrees"]).toContain(row["answer_check"]);
      const [repetition] = report.cells[index].runs;
      expect(repetition.notes).toContainEqual(
        expect.stringMatching(/^model 'edges' for rgb8: \d+ of \d+ nodes ran on WebGpuExecutionProvider/),
      );
      expect(repetition.notes).toContainEqual(expect.stringMatching(/neither pinned nor bound/));
      // Two of ONNX Runtime's WebGPU sessions that run at once end the process.
      expect(repetition.notes).toContainEqual(
        expect.stringMatching(/^WebGPU sessions of one process take turns/),
      );
      expect(repetition.gpu).toMatchObject({
        utilizationPercent: { mean: 50, max: 50 },
        powerW: { mean: 250.5, max: 250.5 },
      });
      expect(repetition.gpu.samples).toBeGreaterThan(2);
      expect(repetition.gpu.memoryUsedMb.max).toBeCloseTo(1_048.576);
    }
    expect(report.environment).toMatchObject({ gpu: "Made GPU", gpuDriver: "580.1" });
    expect(ended.stdout).toMatch(
      /GPU \(nvidia-smi, the whole device\)[\s\S]*50 % busy \(50\), 1049 MB \(1049\), /,
    );
  });

  it("a net whose main nodes fall back to the CPU is refused before the first request", async () => {
    const ended = await bench("doubles", ["--transport", "local", "--size", "16"]);
    expect(ended.code, ended.stdout).toBe(2);
    const [line = "", ...others] = ended.stderr.split("\n").filter((each) => each.startsWith("wirebench: "));
    expect(others).toEqual([]);
    expect(line).toMatch(
      /only 0 of its 1 main nodes run on WebGpuExecutionProvider .*CPUExecutionProvider: Cast 1, MatMul 1/,
    );
  });

  it("infer answers the same mask as the CPU", async () => {
    const masks = [];
    for (const device of ["cpu", "gpu"]) {
      const out = path.join(folder.path, device);
      const ended = await run(
        [
          ...["infer", "--model", "edges", "--input", "synthetic", "--size", "32x24", "--device", device],
          ...["--repository", path.join(folder.path, "models"), "--out", out],
        ],
        undefined,
        env,
      );
      expect(ended.code, ended.stderr).toBe(0);
      expect(ended.stderr + ended.stdout).toContain(device === "gpu" ? "WebGpuExecutionProvider" : "cpu, ");
      masks.push(readFileSync(path.join(out, "synthetic-edges-0000-mask.png")));
    }
    expect(masks[0]?.equals(masks[1] ?? Buffer.alloc(0))).toBe(true);
  });
});
