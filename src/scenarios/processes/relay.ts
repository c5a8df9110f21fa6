import { createRelay, type Relay } from "../../transports/http/relay.ts";
import type { RelayCommands } from "./commands.ts";
import { obey } from "./obey.ts";
import { createCostMeter } from "./process-cost.ts";

/** The entry of the relay's process: the one hop that `http-relay` has more than `http`. */
let relay: Relay | undefined;
const meter = createCostMeter();

const commands: RelayCommands = {
  async start(options) {
    relay = await createRelay(options);
    return relay.url;
  },
  begin() {
    relay?.takeMarks();
    meter.begin();
  },
  end_window: () => ({ cost: meter.end(), marks: relay?.takeMarks() ?? [] }),
};

obey(commands, async () => {
  await relay?.close();
});
