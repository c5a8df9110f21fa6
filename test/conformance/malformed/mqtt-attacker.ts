import net from "node:net";
import { MqttClient } from "mqtt";
import type { Random } from "../../../dist/core/random.js";
import type { Attacker } from "./attack.ts";
import { expectedAnswer, methodOf } from "./grpc-attacker.ts";
import { sendRaw } from "./http-exchange.ts";
import { mutateBytes, oneOf } from "./mutate.ts";

const CLIENT_ID = "attacker";
const ANSWERS = `oip/v2/clients/${CLIENT_ID}/responses/`;
const DATA = Buffer.from([1, 2, 3, 250, 0, 7]);
/** Names of what a client's fault may be answered with. */
const FAULTS = new Set([
  "INVALID_ARGUMENT",
  "NOT_FOUND",
  "OUT_OF_RANGE",
  "RESOURCE_EXHAUSTED",
  "UNIMPLEMENTED",
  "FAILED_PRECONDITION",
  "DEADLINE_EXCEEDED",
]);

interface MqttAnswer {
  readonly parameters: Readonly<Record<string, { readonly string_param?: string }>>;
  readonly raw_output_contents: readonly Buffer[];
}

/** Attacks the requests that come through a broker, and the broker itself with packets that are none. */
export async function createMqttAttacker(url: string): Promise<Attacker> {
  const { hostname: host, port } = new URL(url);
  const address = { host, port: Number(port) };
  const client = new MqttClient(() => net.connect({ ...address, noDelay: true }), {
    clientId: CLIENT_ID,
    reconnectPeriod: 0,
  });
  await new Promise<void>((resolve, reject) => {
    client.once("connect", () => resolve());
    client.once("error", reject);
  });
  await client.subscribeAsync(`${ANSWERS}+`);
  const waiting = new Map<string, (answer: Buffer) => void>();
  client.on("message", (topic, payload) => {
    const id = topic.slice(ANSWERS.length);
    waiting.get(id)?.(payload);
    waiting.delete(id);
  });
  let sent = 0;

  /** Publishes a request under an id of its own and waits for what comes back. */
  const exchange = async (
    make: (id: string) => Buffer,
  ): Promise<{ bytes: Buffer; answer: MqttAnswer; id: string }> => {
    const id = `m${sent++}`;
    const bytes = make(id);
    const answer = new Promise<Buffer>((resolve) => waiting.set(id, resolve));
    client.publish(`oip/v2/models/identity/infer/${CLIENT_ID}/${id}`, bytes);
    return { bytes, id, answer: methodOf("ModelInfer").responseDeserialize(await answer) as MqttAnswer };
  };

  const request = async (random: Random): Promise<string | undefined> => {
    const { bytes, answer, id } = await exchange((id) => mutateBytes(goodRequest(id), random));
    const what = `${id}: ${bytes.toString("hex").slice(0, 600)}`;
    const status = answer.parameters["wirebench_status"]?.string_param;
    if (status !== undefined) return FAULTS.has(status) ? undefined : `${status} for ${what}`;
    const expected = expectedAnswer(bytes);
    if (expected === undefined) return `an answer to a request to refuse: ${what}`;
    return answer.raw_output_contents[0]?.equals(expected) === true ? undefined : `a wrong answer to ${what}`;
  };
  const packets = async (random: Random): Promise<undefined> => {
    const clientId = `broken-${sent++}`;
    const topic = field(`nobody/${clientId}`);
    const connect = packet(0x10, field("MQTT"), Buffer.of(4, 2, 0, 30), field(clientId));
    const rest = Buffer.concat([
      packet(0x82, Buffer.of(0, 1), topic, Buffer.of(1)),
      packet(0x32, topic, Buffer.of(0, 2), DATA),
    ]);
    const bytes = oneOf(random, [
      mutateBytes(Buffer.concat([connect, rest]), random),
      Buffer.concat([connect, mutateBytes(rest, random)]),
    ]);
    await sendRaw(address, bytes);
  };

  return {
    malformed: (random) => oneOf(random, [request, request, request, packets])(random),
    async valid() {
      const { answer } = await exchange(goodRequest);
      if (answer.raw_output_contents[0]?.equals(DATA) !== true) {
        throw new Error(`answered ${JSON.stringify(answer.parameters)}`);
      }
    },
    async close() {
      await client.endAsync(true);
    },
  };
}

function goodRequest(id: string): Buffer {
  return methodOf("ModelInfer").requestSerialize({
    model_name: "identity",
    id,
    parameters: { wirebench_content: { string_param: "tensor" } },
    inputs: [{ name: "input", datatype: "UINT8", shape: [DATA.length] }],
    raw_input_contents: [DATA],
  });
}

/** A packet of MQTT 3.1.1 of less than 128 bytes. */
function packet(head: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.of(head, body.length), body]);
}

/** A text with its length. */
function field(text: string): Buffer {
  return Buffer.concat([Buffer.of(0, text.length), Buffer.from(text)]);
}
