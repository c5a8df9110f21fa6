import type { ModelStatistics, StatisticDuration } from "../core/metadata.ts";
import type { Stage } from "../core/stage.ts";
import type { InferenceClient, TransportName } from "../core/transport.ts";
import type { ServerMeans } from "../recording/run-tally.ts";
import { isOurs } from "./foreign/foreign-server.ts";
import { createTransport } from "./transports.ts";

/** What a server's own counters say of one run. */
export interface ServerStatistics {
  /** Absent where the server has none, or where they cannot be right. */
  readonly means?: ServerMeans | undefined;
  /** Where the means come from, or that there are none: a line for the report. */
  readonly note: string;
}

/** Reads a server's cumulative statistics before and after a window. */
export interface StatisticsProbe {
  /** Call it before the window. Never rejects. */
  begin(): Promise<void>;
  /** Call it after the window. Never rejects. @param answered - requests of this bench that the server answered in it. */
  end(answered: number): Promise<ServerStatistics>;
  close(): Promise<void>;
}

/** Servers count a request a little after they have answered it. */
const COUNTED_AFTER_MS = 50;
const TRIES = 10;

/** Triton's statistics by our stages: means only, since they are sums. */
const STAGE_OF = {
  queue: "queue",
  computeInput: "server_preprocess",
  computeInfer: "infer",
  computeOutput: "server_postprocess",
} as const satisfies Partial<Record<keyof ModelStatistics, Stage>>;
type Counted = keyof typeof STAGE_OF;
const COUNTED = Object.keys(STAGE_OF) as Counted[];

/** The sums over all versions of a model. */
export type StatisticSums = Readonly<Record<Counted | "success", StatisticDuration>>;

export function sumStatistics(versions: readonly ModelStatistics[]): StatisticSums {
  const sum = (name: Counted | "success"): StatisticDuration => ({
    count: versions.reduce((total, version) => total + version[name].count, 0),
    ns: versions.reduce((total, version) => total + version[name].ns, 0),
  });
  return {
    success: sum("success"),
    queue: sum("queue"),
    computeInput: sum("computeInput"),
    computeInfer: sum("computeInfer"),
    computeOutput: sum("computeOutput"),
  };
}

/** What the counters grew by; `undefined` where they went backwards (a server that was started anew). */
export function statisticsBetween(before: StatisticSums, after: StatisticSums): ServerMeans | undefined {
  const grown = (name: Counted | "success"): StatisticDuration => ({
    count: after[name].count - before[name].count,
    ns: after[name].ns - before[name].ns,
  });
  const requests = grown("success").count;
  const stages = COUNTED.map((name) => ({ stage: STAGE_OF[name], ...grown(name) }));
  if (requests < 0 || stages.some(({ count, ns }) => count < 0 || ns < 0)) return undefined;
  return {
    requests,
    stages: Object.fromEntries(
      stages.filter(({ count }) => count > 0).map(({ stage, count, ns }) => [stage, { count, sumNs: ns }]),
    ),
  };
}

/**
 * Connects to the server once more, beside the connections that are measured. Never rejects.
 * @returns `undefined` where wirebench serves the model: it tells each request's times.
 */
export async function openStatisticsProbe(options: {
  readonly transport: TransportName;
  readonly endpoint: string;
  readonly model: string;
  readonly maxPayloadBytes: number;
}): Promise<StatisticsProbe | undefined> {
  const { transport, endpoint, model, maxPayloadBytes } = options;
  const client = await createTransport(transport)
    .connect(endpoint, { maxPayloadBytes, tuning: "defaults", encoding: "binary" })
    .catch(() => undefined);
  const metadata = await client?.modelMetadata(model).catch(() => undefined);
  if (metadata !== undefined && isOurs(metadata)) {
    await client?.destroy();
    return undefined;
  }
  return createStatisticsProbe({
    read: () => readSums(client, model),
    async close() {
      await client?.destroy();
    },
  });
}

/**
 * The probe itself.
 *
 * @param options.read - the counters as they stand; `undefined` where there are none.
 * @param options.waitMs - between two looks at counters that lag behind the answers. @default 50
 */
export function createStatisticsProbe({
  read,
  close,
  waitMs = COUNTED_AFTER_MS,
}: {
  read(): Promise<StatisticSums | undefined>;
  close(): Promise<void>;
  readonly waitMs?: number | undefined;
}): StatisticsProbe {
  let before: StatisticSums | undefined;
  return {
    async begin() {
      before = await read();
    },
    async end(answered) {
      for (let tries = 1; ; tries++) {
        const after = before && (await read());
        if (before === undefined || after === undefined)
          return { note: `the server has no statistics: ${EMPTY}` };
        const means = statisticsBetween(before, after);
        if (means === undefined)
          return { note: `the server's statistics went backwards in the window: ${EMPTY}` };
        const { requests } = means;
        if (requests > 0 && requests >= answered) return { means, note: noteOf(requests, answered) };
        if (tries === TRIES) {
          return {
            note: `the server's statistics count ${requests} of the ${answered} requests it answered: ${EMPTY}`,
          };
        }
        await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
    },
    close,
  };
}

const EMPTY = "the columns of its stages are empty";

function noteOf(counted: number, answered: number): string {
  const whose =
    counted === answered
      ? "the requests of this run"
      : `${answered} of them of this run's window: the others came from elsewhere or were counted late`;
  return (
    "stages queue, server_preprocess, infer and server_postprocess are means from the server's own cumulative statistics (queue, " +
    `compute_input, compute_infer, compute_output), read before and after the window: ${counted} requests, ${whose}; sums have no percentiles`
  );
}

async function readSums(
  client: InferenceClient | undefined,
  model: string,
): Promise<StatisticSums | undefined> {
  try {
    const versions = await client?.statistics?.(model);
    return versions === undefined || versions.length === 0 ? undefined : sumStatistics(versions);
  } catch {
    // A server need not have them.
    return undefined;
  }
}
