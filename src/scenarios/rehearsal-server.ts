import type { Qos, TransportName } from "../core/transport.ts";
import { REHEARSAL } from "../load/rehearse.ts";
import { Child } from "./child.ts";
import { Crew } from "./crew.ts";
import type { BrokerCommands, CoreSpec, ServerCommands } from "./processes/commands.ts";
import { type BrokerOptions, startBroker, startServer } from "./start-servers.ts";

export interface RehearsalServerOptions extends Omit<BrokerOptions, "node"> {
  readonly transport: TransportName;
  readonly qos: Qos;
}

/** Something to rehearse against where a run's own server is somebody else's. */
export interface RehearsalServer {
  readonly endpoint: string;
  close(): Promise<void>;
}

/** Nothing but the rehearsal's model. */
const CORE: CoreSpec = { models: [REHEARSAL.model], repository: "", device: "cpu" };

/**
 * Starts a server of the bench's own on loopback, with a broker of its own where the transport needs one: what is sent for
 * practice reaches nobody else.
 *
 * @param crew - of the run: what it has not closed itself ends with it.
 */
export async function startRehearsalServer(
  crew: Crew,
  { transport, tuning, maxPayloadBytes, qos }: RehearsalServerOptions,
): Promise<RehearsalServer> {
  const own = new Crew();
  const close = (): Promise<void> => own.end();
  crew.also({ close });
  const broker =
    transport === "mqtt" ? own.add(new Child<BrokerCommands>({ role: "broker", tuning })) : undefined;
  const server = own.add(new Child<ServerCommands>({ role: "server", tuning }));
  const brokerUrl = broker && (await startBroker(broker, { tuning, maxPayloadBytes }));
  const { endpoints } = await startServer(server, {
    transport,
    tuning,
    maxPayloadBytes,
    qos,
    brokerUrl,
    core: CORE,
  });
  const [endpoint] = endpoints;
  if (endpoint === undefined) throw new RangeError("expected an endpoint");
  return { endpoint, close };
}
