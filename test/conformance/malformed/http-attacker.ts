import type { Random } from "../../../dist/core/random.js";
import type { Attacker } from "./attack.ts";
import { codeBody, decodeBody } from "./content-coding.ts";
import {
  bodyBehind,
  type Exchange,
  firstAnswer,
  type HttpAnswer,
  HttpExchange,
  type HttpRequest,
} from "./http-exchange.ts";
import { answerToHttp, classesOf } from "./identity-answer.ts";
import { below, mutateBytes, mutateJson, oneOf } from "./mutate.ts";

const HEADER_LENGTH = "inference-header-content-length";
const INFER = "/v2/models/identity/infer";
const DATA = [1, 2, 3, 250, 0, 7];

/** What a client's fault may be answered with. 501 is for codings and shared memory, which are told so. */
const FAULTS = new Set([400, 404, 405, 408, 411, 413, 414, 415, 417, 426, 429, 431, 501]);

const JSON_REQUEST = {
  id: "r1",
  parameters: { wirebench_content: "tensor" },
  inputs: [{ name: "input", shape: [DATA.length], datatype: "UINT8", data: DATA }],
  outputs: [{ name: "output", parameters: { binary_data: false } }],
};

const BINARY_REQUEST = {
  id: "r2",
  inputs: [
    { name: "input", shape: [DATA.length], datatype: "UINT8", parameters: { binary_data_size: DATA.length } },
  ],
  outputs: [{ name: "output", parameters: { binary_data: true } }],
};

/** Numbers of classes, most of which are none. */
const CLASSIFICATIONS: readonly unknown[] = [
  ...[3, 1e9, Number.MAX_SAFE_INTEGER, 2 ** 63, 1e300],
  ...[0, -1, Number.MIN_SAFE_INTEGER, 0.5, "3", true, null, [], {}],
];

const OTHER_PATHS = [
  "/v2",
  "/v2/health/ready",
  "/v2/models/identity",
  "/v2/models/identity/versions/1",
  "/v2/models/identity/config",
  "/v2/models/identity/stats",
  "/v2/models/stats",
  "/v2/repository/index",
  "/v2/systemsharedmemory/status",
  "/metrics",
] as const;

type Attack = (random: Random, exchange: Exchange) => Promise<string | undefined>;

const ATTACKS: readonly Attack[] = [
  // The JSON as text, its structure, and the binary form's JSON.
  (random, exchange) => infer(exchange, {}, mutateBytes(text(JSON_REQUEST), random)),
  (random, exchange) => infer(exchange, {}, Buffer.from(mutateJson(JSON_REQUEST, random))),
  (random, exchange) => {
    const json = Buffer.from(mutateJson(BINARY_REQUEST, random));
    return infer(exchange, { [HEADER_LENGTH]: String(json.length) }, withData(json));
  },
  // The header's length lies, or is none.
  (random, exchange) => {
    const json = text(BINARY_REQUEST);
    const length = oneOf(random, [
      String(json.length + 1 + below(random, 20)),
      String(below(random, json.length)),
      "-1",
      "0x10",
      "1e2",
      "",
      "99999999999999999999",
      `${json.length}, ${json.length}`,
      " ",
      "NaN",
    ]);
    return infer(exchange, { [HEADER_LENGTH]: length }, withData(json));
  },
  // Bytes too many or too few behind the JSON.
  (random, exchange) => {
    const json = text(BINARY_REQUEST);
    const body = withData(json);
    const odd =
      below(random, 2) === 0
        ? body.subarray(0, json.length + below(random, DATA.length))
        : Buffer.concat([body, body.subarray(0, 1 + below(random, 30))]);
    return infer(exchange, { [HEADER_LENGTH]: String(json.length) }, odd);
  },
  // Damaged or unknown codings, and compressed rubbish, beside a header's length that is right, wrong or none.
  (random, exchange) => {
    const isBinary = below(random, 2) === 0;
    const json = text(isBinary ? BINARY_REQUEST : JSON_REQUEST);
    const { coding, bytes } = codeBody(isBinary ? withData(json) : json, random);
    const right = String(json.length);
    const length = oneOf(random, [right, right, "x", "-1", "", "0", String(json.length + 9), null]);
    const headers = { "content-encoding": coding, ...(length === null ? {} : { [HEADER_LENGTH]: length }) };
    return infer(exchange, headers, bytes);
  },
  // How many classes to name.
  async (random, exchange) => {
    const classification = oneOf(random, CLASSIFICATIONS);
    const outputs = [{ name: "output", parameters: { binary_data: false, classification } }];
    const answer = await exchange.send(request({}, text({ ...JSON_REQUEST, outputs })));
    const what = `classification ${JSON.stringify(classification)}`;
    if (answer.code !== 200) return faultOf(answer, what);
    if (typeof classification !== "number" || !Number.isInteger(classification) || classification < 1) {
      return `200 for a number of classes to refuse: ${what}`;
    }
    const said = JSON.stringify(outputsOf(answer)[0]?.data);
    const expected = JSON.stringify(classesOf(Buffer.from(DATA), classification));
    return said === expected ? undefined : `${said} for ${what}`;
  },
  // Other paths and verbs.
  (random, exchange) => {
    const path = oneOf(random, [INFER, ...OTHER_PATHS]);
    const method = oneOf(random, ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"]);
    // An answer to bytes that are no request cannot know that it was a HEAD.
    const most = method === "HEAD" ? /[^\x21-\x7e]/g : /[^\x21-\xff]/g;
    const odd = mutateBytes(Buffer.from(path.slice(1)), random)
      .toString("latin1")
      .replace(most, "%00");
    const body = method === "POST" ? text(JSON_REQUEST) : Buffer.alloc(0);
    return refusedOr(exchange, {
      method,
      path: `/${odd}`,
      headers: { "content-length": String(body.length) },
      body,
    });
  },
];

/** Attacks `POST /v2/models/identity/infer`, the other paths and the framing of HTTP/1.1. */
export function createHttpAttacker(endpoint: string): Attacker {
  const exchange = new HttpExchange(endpoint);
  return attackOver(exchange, (random) => raw(random, exchange));
}

/**
 * The attacks that are the same over every version of HTTP.
 * @param raw - attacks the bytes of a connection: head, framing and body.
 */
export function attackOver(
  exchange: Exchange,
  raw: (random: Random) => Promise<string | undefined>,
): Attacker {
  const attacks: readonly Attack[] = [...ATTACKS, raw];
  return {
    malformed: (random) => oneOf(random, attacks)(random, exchange),
    async valid() {
      const json = text(BINARY_REQUEST);
      const good = request({ [HEADER_LENGTH]: String(json.length) }, withData(json));
      for (const each of [request({}, text(JSON_REQUEST)), good]) {
        const answer = await exchange.send(each);
        if (answer.code !== 200) throw new Error(`${answer.code} ${answer.body}`);
        const output = outputOf(answer);
        if (!output?.equals(Buffer.from(DATA))) throw new Error(`answered ${answer.body}`);
      }
    },
    async close() {
      exchange.close();
    },
  };
}

function text(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function withData(json: Buffer): Buffer {
  return Buffer.concat([json, Buffer.from(DATA)]);
}

function request(headers: Readonly<Record<string, string>>, body: Uint8Array): HttpRequest {
  return {
    method: "POST",
    path: INFER,
    headers: { "content-length": String(body.byteLength), ...headers },
    body,
  };
}

async function infer(
  exchange: Exchange,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
): Promise<string | undefined> {
  const answer = await exchange.send(request(headers, body));
  const what = `${JSON.stringify(headers)} ${body.toString("latin1").slice(0, 400)}`;
  if (answer.code !== 200) return faultOf(answer, what);
  const plain = decodeBody(headers["content-encoding"], body);
  const expected = plain && answerToHttp(headers, plain);
  if (expected === undefined) return `200 for a request to refuse: ${what}`;
  return outputOf(answer)?.equals(expected) === true
    ? undefined
    : `a wrong answer to ${what}: ${answer.body.toString("latin1").slice(0, 400)}`;
}

async function refusedOr(exchange: Exchange, odd: HttpRequest): Promise<string | undefined> {
  const answer = await exchange.send(odd);
  return answer.code === 200
    ? undefined
    : faultOf(answer, `${odd.method} ${odd.path} ${JSON.stringify(odd.headers)}`);
}

function faultOf({ code, body }: HttpAnswer, what: string): string | undefined {
  if (FAULTS.has(code)) return undefined;
  return `${code} for ${what}: ${body.toString("latin1").slice(0, 200)}`;
}

/** The bytes of the one output, from either form of the answer. */
function outputOf(answer: HttpAnswer): Buffer | undefined {
  const { headers, body } = answer;
  const headerBytes = headers[HEADER_LENGTH];
  if (headerBytes !== undefined) return body.subarray(Number(headerBytes));
  const [output] = outputsOf(answer);
  return output === undefined ? undefined : Buffer.from(output.data as readonly number[]);
}

function outputsOf({ body }: HttpAnswer): readonly { readonly data: unknown }[] {
  return (JSON.parse(body.toString()) as { readonly outputs: readonly { readonly data: unknown }[] }).outputs;
}

async function raw(random: Random, exchange: HttpExchange): Promise<string | undefined> {
  const body = text(JSON_REQUEST);
  const chunk = (bytes: Buffer) => `${bytes.length.toString(16)}\r\n${bytes.toString("latin1")}\r\n`;
  const head = `POST ${INFER} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n`;
  const announced = `${head}Content-Length: ${body.length}\r\n\r\n`;
  const good = oneOf(random, [
    `${announced}${body.toString("latin1")}`,
    `${head}Transfer-Encoding: chunked\r\n\r\n${chunk(body.subarray(0, 50))}${chunk(body.subarray(50))}0\r\n\r\n`,
    `GET /v2/models/identity HTTP/1.1\r\nHost: a\r\n\r\n`,
  ]);
  const bytes = mutateBytes(Buffer.from(good, "latin1"), random);
  const what = JSON.stringify(bytes.toString("latin1").slice(0, 400));
  const answers = await exchange.sendRaw(bytes);
  for (const [, code] of answers.toString("latin1").matchAll(/HTTP\/1\.[01] (\d{3}) /g)) {
    if (code !== "200" && !FAULTS.has(Number(code))) return `${code} for ${what}`;
  }
  const sent = bodyBehind(announced, body.length, bytes);
  const first = firstAnswer(answers);
  if (sent === undefined || first?.code !== 200) return undefined;
  const expected = answerToHttp({}, sent);
  if (expected === undefined) return `200 for a request to refuse: ${what}`;
  return outputOf(first)?.equals(expected) === true ? undefined : `a wrong answer to ${what}`;
}
