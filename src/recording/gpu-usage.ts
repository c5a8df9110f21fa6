/** What `nvidia-smi` said of a GPU at one moment; absent where the device does not tell it. */
export interface GpuSample {
  /** Memory in use on the whole device, MB (10^6 bytes). */
  readonly memoryUsedMb?: number | undefined;
  /** Share of the last sampling period in which a kernel ran, percent. */
  readonly utilizationPercent?: number | undefined;
  /** Drawn by the board, watts. */
  readonly powerW?: number | undefined;
}

/** Mean and largest of a figure's samples. */
export interface SampledFigure {
  readonly mean: number;
  readonly max: number;
}

/** A GPU over the measurement window of a run: the whole device, whoever uses it. */
export interface GpuUsage {
  readonly samples: number;
  readonly memoryUsedMb?: SampledFigure | undefined;
  readonly utilizationPercent?: SampledFigure | undefined;
  readonly powerW?: SampledFigure | undefined;
}

const FIGURES = ["memoryUsedMb", "utilizationPercent", "powerW"] as const;

/** Mean and largest of each figure; undefined without samples. */
export function gpuUsage(samples: readonly GpuSample[]): GpuUsage | undefined {
  if (samples.length === 0) return undefined;
  const figures = FIGURES.flatMap((figure) => {
    const values = samples.flatMap((sample) => sample[figure] ?? []);
    if (values.length === 0) return [];
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return [[figure, { mean, max: Math.max(...values) }] as const];
  });
  return { samples: samples.length, ...Object.fromEntries(figures) };
}

/** Several runs as one: means are weighted by their samples. Undefined without any. */
export function mergeGpuUsage(runs: readonly GpuUsage[]): GpuUsage | undefined {
  if (runs.length === 0) return undefined;
  const figures = FIGURES.flatMap((figure) => {
    const known = runs.flatMap((run) => {
      const sampled = run[figure];
      return sampled === undefined ? [] : [{ ...sampled, samples: run.samples }];
    });
    const samples = known.reduce((sum, run) => sum + run.samples, 0);
    if (samples === 0) return [];
    const mean = known.reduce((sum, run) => sum + run.mean * run.samples, 0) / samples;
    return [[figure, { mean, max: Math.max(...known.map(({ max }) => max)) }] as const];
  });
  return { samples: runs.reduce((sum, run) => sum + run.samples, 0), ...Object.fromEntries(figures) };
}
