import type { InferenceServer } from "../../core/transport.ts";
import type { Engine } from "../../serving/engine.ts";
import { createTransport } from "../transports.ts";
import type { ServerCommands } from "./commands.ts";
import { coreFacts, createCore } from "./core.ts";
import { obey } from "./obey.ts";
import { createCostMeter } from "./process-cost.ts";

/** The entry of the server's process: transports in front of the serving core. */
let core: Engine | undefined;
const servers: InferenceServer[] = [];
const meter = createCostMeter();

const commands: ServerCommands = {
  async start({ listeners, core: spec, warm, tuning, maxPayloadBytes, qos }) {
    const engine = await createCore(spec, warm);
    core = engine;
    for (const { transport, host, port, brokerUrl } of listeners) {
      const mqtt = brokerUrl === undefined ? undefined : { brokerUrl, qos };
      servers.push(
        await createTransport(transport).serve(engine, { host, port, maxPayloadBytes, tuning, mqtt }),
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
};

obey(commands, async () => {
  await Promise.all(servers.map((server) => server.close()));
  await core?.close();
});
