import type { CellResult } from "../recording/cell-result.ts";
import { type GpuUsage, mergeGpuUsage, type SampledFigure } from "../recording/gpu-usage.ts";
import { splitKeys } from "./key-columns.ts";

/** What the GPU did in the pooled runs, a line for each cell that has samples; none without a GPU. */
export function gpuLines(cells: readonly CellResult[]): readonly string[] {
  const { columns } = splitKeys(cells.map(({ key }) => key));
  const lines = cells.flatMap((cell, row) => {
    const pooled = cell.runs.filter(({ repetition }) => cell.pooled.includes(repetition));
    const usage = mergeGpuUsage(pooled.flatMap(({ gpu }) => gpu ?? []));
    if (usage === undefined) return [];
    const label = columns.flatMap(({ values }) => values[row] || []).join(" ");
    return [`${label}: ${describe(usage)}`];
  });
  return lines.length === 0 ? [] : ["", "GPU (nvidia-smi, the whole device): mean, and largest", ...lines];
}

function describe({ utilizationPercent, memoryUsedMb, powerW, samples }: GpuUsage): string {
  const parts = [
    figure(utilizationPercent, "% busy"),
    figure(memoryUsedMb, "MB"),
    figure(powerW, "W"),
    `${samples} samples`,
  ];
  return parts.filter((part) => part !== "").join(", ");
}

function figure(sampled: SampledFigure | undefined, unit: string): string {
  return sampled === undefined ? "" : `${sampled.mean.toFixed(0)} ${unit} (${sampled.max.toFixed(0)})`;
}
