import type { Random } from "../../../dist/core/random.js";
import type { Attacker } from "./attack.ts";
import { codeBody, decodeBody } from "./content-coding.ts";
import { bodyBehind, firstAnswer, HttpExchange } from "./http-exchange.ts";
import { answerToPredict } from "./identity-answer.ts";
import { mutateBytes, mutateJson, oneOf } from "./mutate.ts";

const PREDICT = "/v1/models/identity:predict";
const DATA = [1, 2, 3, 250, 0, 7];
const FAULTS = new Set([400, 404, 405, 408, 411, 413, 414, 415, 417, 429, 431, 501]);

const REQUESTS = [
  { instances: DATA },
  { signature_name: "serving_default", inputs: DATA },
  { inputs: { input: DATA } },
  { instances: DATA.map((input) => ({ input })) },
] as const;

/** Attacks `POST /v1/models/identity:predict`, the other paths and the framing. */
export function createTfsHttpAttacker(endpoint: string): Attacker {
  const exchange = new HttpExchange(endpoint);
  const post = (path: string, body: Buffer, headers: Readonly<Record<string, string>> = {}) =>
    exchange.send({
      method: "POST",
      path,
      headers: { "content-length": String(body.length), ...headers },
      body,
    });

  const predict = async (body: Buffer, coding?: string): Promise<string | undefined> => {
    const coded = coding === undefined ? {} : { "content-encoding": coding };
    const { code, body: answer } = await post(PREDICT, body, coded);
    const what = `${coding ?? ""} ${body.toString("latin1").slice(0, 400)}`;
    const said = answer.toString("latin1").slice(0, 400);
    if (code !== 200) return FAULTS.has(code) ? undefined : `${code} for ${what}: ${said}`;
    const plain = decodeBody(coding, body);
    const expected = plain && answerToPredict(plain);
    if (expected === undefined) return `200 for a request to refuse: ${what}: ${said}`;
    return outputOf(answer)?.equals(expected) === true ? undefined : `a wrong answer to ${what}: ${said}`;
  };

  const attacks: readonly ((random: Random) => Promise<string | undefined>)[] = [
    (random) => predict(mutateBytes(Buffer.from(JSON.stringify(oneOf(random, REQUESTS))), random)),
    (random) => predict(Buffer.from(mutateJson(oneOf(random, REQUESTS), random))),
    (random) => {
      const { coding, bytes } = codeBody(Buffer.from(JSON.stringify(oneOf(random, REQUESTS))), random);
      return predict(bytes, coding);
    },
    async (random) => {
      const odd = mutateBytes(
        Buffer.from(oneOf(random, [PREDICT, "/v1/models/identity/metadata"]).slice(1)),
        random,
      )
        .toString("latin1")
        .replace(/[^\x21-\xff]/g, "%00");
      const { code } = await post(`/${odd}`, Buffer.from(JSON.stringify(REQUESTS[0])));
      return code === 200 || FAULTS.has(code) ? undefined : `${code} for /${odd}`;
    },
    async (random) => {
      const body = JSON.stringify(REQUESTS[0]);
      const head = `POST ${PREDICT} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`;
      const bytes = mutateBytes(Buffer.from(head + body), random);
      const what = JSON.stringify(bytes.toString("latin1"));
      const answers = await exchange.sendRaw(bytes);
      for (const [, code] of answers.toString("latin1").matchAll(/HTTP\/1\.[01] (\d{3}) /g)) {
        if (code !== "200" && !FAULTS.has(Number(code))) return `${code} for ${what}`;
      }
      const sent = bodyBehind(head, body.length, bytes);
      const first = firstAnswer(answers);
      if (sent === undefined || first?.code !== 200) return undefined;
      const expected = answerToPredict(sent);
      if (expected === undefined) return `200 for a request to refuse: ${what}`;
      return outputOf(first.body)?.equals(expected) === true ? undefined : `a wrong answer to ${what}`;
    },
  ];

  return {
    malformed: (random) => oneOf(random, attacks)(random),
    async valid() {
      for (const request of REQUESTS) {
        const { code, body } = await post(PREDICT, Buffer.from(JSON.stringify(request)));
        if (code !== 200 || outputOf(body)?.equals(Buffer.from(DATA)) !== true) {
          throw new Error(`${code} ${body} to ${JSON.stringify(request)}`);
        }
      }
    },
    async close() {
      exchange.close();
    },
  };
}

function outputOf(answer: Buffer): Buffer | undefined {
  const { predictions, outputs } = JSON.parse(answer.toString()) as {
    readonly predictions?: number[];
    readonly outputs?: number[];
  };
  const values = predictions ?? outputs;
  return values === undefined ? undefined : Buffer.from(values);
}
