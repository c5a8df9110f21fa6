import { type Broker, createBroker } from "../../transports/mqtt/broker.ts";
import type { BrokerCommands } from "./commands.ts";
import { obey } from "./obey.ts";
import { createCostMeter } from "./process-cost.ts";

/** The entry of the embedded broker's process. */
let broker: Broker | undefined;
const meter = createCostMeter();

const commands: BrokerCommands = {
  async start(options) {
    broker = await createBroker(options);
    return broker.url;
  },
  begin() {
    broker?.takeMarks();
    meter.begin();
  },
  end_window: () => ({ cost: meter.end(), marks: broker?.takeMarks().marks ?? [] }),
};

obey(commands, async () => {
  await broker?.close();
});
