import cluster from "node:cluster";
import type { InferenceServer } from "../../core/transport.ts";
import type { Engine } from "../../serving/engine.ts";
import { createServing, type Serving } from "../serving/serving.ts";
import { NOTE_NOTICE, OBEYS_NOTICE } from "../serving/serving-spec.ts";
import { createStudyPainter } from "../study/study-painter.ts";
import { createTransport } from "../transports.ts";
import type { ServerCommands } from "./commands.ts";
import { coreFacts, createCore } from "./core.ts";
import { obey, tell } from "./obey.ts";
import { createCostMeter } from "./process-cost.ts";

/** The entry of the server's process: transports in front of the serving core. */
let core: Engine | undefined;
let serving: Serving | undefined;
const servers: InferenceServer[] = [];
const meter = createCostMeter();

const commands: ServerCommands = {
  async start(start) {
    const { listeners, core: spec, warm, tuning, maxPayloadBytes, qos, mqttGroup, study: studySpec } = start;
    const study = studySpec && (await createStudyPainter(studySpec, spec.repository));
    // A bench has read the models itself and said it.
    const onNote = start.serving && ((line: string): void => tell(NOTE_NOTICE, line));
    const engine = await createCore(spec, warm, onNote);
    core = engine;
    serving = start.serving && createServing(engine, start.serving);
    // The worker that replaces this one has the same.
    const place = start.serving && `${process.ppid}-${start.serving.worker}`;
    for (const { transport, host, port, brokerUrl } of listeners) {
      const mqtt = brokerUrl === undefined ? undefined : { brokerUrl, qos, group: mqttGroup, place, study };
      servers.push(
        await createTransport(transport).serve(serving?.core ?? engine, {
          host,
          port,
          maxPayloadBytes,
          tuning,
          mqtt,
          tfsAnswers: start.tfsAnswers,
          ...serving?.options,
        }),
      );
    }
    return {
      ...coreFacts(engine),
      endpoints: servers.map(({ endpoint }) => endpoint),
      notes: servers.flatMap(({ notes }) => notes),
    };
  },
  begin: () => meter.begin(),
  end_window: () => meter.end(),
  drain,
  change_model: (change) => serving?.changeModel(change) ?? Promise.resolve({}),
  model_changed: ({ number, outcome }) => serving?.modelChanged(number, outcome),
  metrics: () => serving?.metrics.snapshot() ?? Promise.resolve([]),
  metrics_page: ({ number, page }) => serving?.metricsOfAll.settle(number, page),
};

async function drain(): Promise<number> {
  // At once, whatever the transports wait for.
  serving?.leave();
  await Promise.all(servers.map(async (server) => server.drain?.()));
  return (await serving?.drain()) ?? 0;
}

obey(commands, async () => {
  await drain();
  await Promise.all(servers.map((server) => server.close()));
  await core?.close();
  await serving?.flush();
});

if (cluster.worker !== undefined) {
  // node:cluster would exit at once when the conductor has gone, be it in the middle of a run.
  cluster.worker.exitedAfterDisconnect = true;
  // Its processes lose what they are sent before they listen (ES modules, Node 20).
  tell(OBEYS_NOTICE, undefined);
}
