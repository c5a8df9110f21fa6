import { spawn } from "node:child_process";
import { type GpuSample, type GpuUsage, gpuUsage } from "../../recording/gpu-usage.ts";

/** Samples the GPU from another process while something is measured. */
export interface GpuSampler {
  /** Begins the window: what came before is forgotten. */
  begin(): void;
  /** Ends the window and the sampling. Idempotent. Undefined when there is no GPU to ask, or the window was shorter than a sample. */
  end(): GpuUsage | undefined;
}

const PERIOD_MS = 200;
/** The order of the columns that are asked for. */
const COLUMNS = ["memory.used", "utilization.gpu", "power.draw"] as const;
/** `nvidia-smi` prints MiB. */
const MIB_IN_MB = 2 ** 20 / 1e6;

/**
 * One line of `nvidia-smi --query-gpu=memory.used,utilization.gpu,power.draw --format=csv,noheader,nounits`; `[N/A]` and
 * `[Not Supported]` are absent. Undefined for a line that is none.
 */
export function parseGpuSample(line: string): GpuSample | undefined {
  const cells = line.split(",").map((cell) => cell.trim());
  if (cells.length !== COLUMNS.length) return undefined;
  const [memory, utilizationPercent, powerW] = cells.map((cell) =>
    /^\d+(\.\d+)?$/.test(cell) ? Number(cell) : undefined,
  );
  if (memory === undefined && utilizationPercent === undefined && powerW === undefined) return undefined;
  return {
    memoryUsedMb: memory === undefined ? undefined : memory * MIB_IN_MB,
    utilizationPercent,
    powerW,
  };
}

/**
 * The device that CUDA's device 0 is, as `nvidia-smi -i` takes it: the first of `CUDA_VISIBLE_DEVICES` (an index or a UUID),
 * else 0.
 */
export function sampledGpu(env: NodeJS.ProcessEnv): string {
  const first = env["CUDA_VISIBLE_DEVICES"]?.split(",")[0]?.trim() ?? "";
  return /^(\d+|GPU-[\w-]+|MIG-[\w/-]+)$/.test(first) ? first : "0";
}

/** Starts `nvidia-smi` where there is one; it takes up to a second to begin. Never throws. */
export function startGpuSampler(env: NodeJS.ProcessEnv = process.env): GpuSampler {
  let samples: GpuSample[] = [];
  const child = spawn(
    "nvidia-smi",
    [
      `--query-gpu=${COLUMNS.join(",")}`,
      "--format=csv,noheader,nounits",
      "-i",
      sampledGpu(env),
      "-lms",
      String(PERIOD_MS),
    ],
    { env, stdio: ["ignore", "pipe", "ignore"] },
  );
  let rest = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const sample = parseGpuSample(line);
      if (sample !== undefined) samples.push(sample);
    }
  });
  child.on("error", () => {
    // There is no nvidia-smi: nothing is sampled.
  });
  return {
    begin() {
      samples = [];
    },
    end() {
      child.kill();
      child.stdout.destroy();
      child.unref();
      return gpuUsage(samples);
    },
  };
}
