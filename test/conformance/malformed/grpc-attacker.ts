import http2 from "node:http2";
import { fileURLToPath } from "node:url";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import protobuf from "protobufjs";
import type { Random } from "../../../dist/core/random.js";
import type { Attacker } from "./attack.ts";
import { sendBrokenFrames } from "./http2-frames.ts";
import { answerToMessage, classesOf, type DecodedRequest } from "./identity-answer.ts";
import { below, mutateBytes, oneOf } from "./mutate.ts";

const PROTO = fileURLToPath(new URL("../../../proto/inference.proto", import.meta.url));

/** Another's codec of the messages: what it reads is what a request means. */
export const SERVICE = loadSync(PROTO, {
  keepCase: true,
  longs: Number,
  defaults: true,
})["inference.GRPCInferenceService"] as unknown as Readonly<
  Record<string, grpc.MethodDefinition<object, object>>
>;

const { OK, INVALID_ARGUMENT, NOT_FOUND, OUT_OF_RANGE, RESOURCE_EXHAUSTED, UNIMPLEMENTED } = grpc.status;
const { FAILED_PRECONDITION, DEADLINE_EXCEEDED } = grpc.status;
/** What a client's fault may be answered with. */
export const FAULTS: ReadonlySet<number> = new Set([
  INVALID_ARGUMENT,
  NOT_FOUND,
  OUT_OF_RANGE,
  RESOURCE_EXHAUSTED,
  UNIMPLEMENTED,
  FAILED_PRECONDITION,
  DEADLINE_EXCEEDED,
]);

const DATA = Buffer.from([1, 2, 3, 250, 0, 7]);
const input = { name: "input", datatype: "UINT8", shape: [DATA.length] };
/** Good requests in the three forms that there are. */
export const REQUESTS: readonly object[] = [
  { model_name: "identity", id: "r1", inputs: [input], raw_input_contents: [DATA] },
  { model_name: "identity", id: "r2", inputs: [{ ...input, contents: { uint_contents: [...DATA] } }] },
  {
    model_name: "identity",
    model_version: "1",
    id: "r3",
    parameters: { timeout: { int64_param: 1_000_000 }, other: { string_param: "x" } },
    inputs: [{ ...input, parameters: { wirebench_content: { string_param: "tensor" } } }],
    outputs: [{ name: "output" }],
    raw_input_contents: [DATA],
  },
];

/** Numbers of classes, most of which are none. */
const CLASSIFICATIONS: readonly {
  readonly int64_param?: number | string;
  readonly [other: string]: unknown;
}[] = [
  { int64_param: 3 },
  { int64_param: 0 },
  { int64_param: -1 },
  { int64_param: "-9223372036854775808" },
  { int64_param: 1_000_000_000 },
  { int64_param: "9223372036854775807" },
  { string_param: "3" },
  { bool_param: true },
];

const OTHER_METHODS = [
  "ServerMetadata",
  "ModelReady",
  "ModelMetadata",
  "ModelConfig",
  "ModelStatistics",
  "RepositoryIndex",
  "RepositoryModelUnload",
  "SystemSharedMemoryStatus",
  "TraceSetting",
] as const;
/** `name` "nobody" and, of the repository's messages, `model_name` "nobody". */
const NOBODY = Buffer.from("0a066e6f626f647912066e6f626f6479", "hex");

export function methodOf(name: string): grpc.MethodDefinition<object, object> {
  const method = SERVICE[name];
  if (method === undefined) throw new Error(`no method ${name}`);
  return method;
}

/** A good ModelInferRequest, encoded. */
export function goodRequest(random: Random): Buffer {
  return methodOf("ModelInfer").requestSerialize(oneOf(random, REQUESTS));
}

const REQUEST = protobuf.loadSync(PROTO).lookupType("inference.ModelInferRequest");

/** What a request means that another's codec can read; `undefined`: it must be refused. */
export function expectedAnswer(bytes: Buffer): Uint8Array | undefined {
  try {
    return answerToMessage(REQUEST.decode(bytes) as unknown as DecodedRequest);
  } catch {
    return undefined;
  }
}

export interface DecodedResponse {
  readonly raw_output_contents: readonly Buffer[];
}

/** Attacks ModelInfer and other methods with broken messages, and the framing of gRPC and of HTTP/2. */
export function createGrpcAttacker(endpoint: string): Attacker {
  const { hostname: host, port } = new URL(endpoint.replace(/^[^:]+:/, "http:"));
  const client = new grpc.Client(`${host}:${port}`, grpc.credentials.createInsecure());
  const session = http2.connect(`http://${host}:${port}`);
  session.on("error", () => {});
  const infer = methodOf("ModelInfer");

  const attacks: readonly ((random: Random) => Promise<string | undefined>)[] = [
    async (random) => {
      const bytes = mutateBytes(goodRequest(random), random);
      const { code, details, message } = await unary(client, infer.path, bytes);
      const what = bytes.toString("hex").slice(0, 600);
      if (code !== OK) return FAULTS.has(code) ? undefined : `${grpc.status[code]} (${details}) for ${what}`;
      const expected = expectedAnswer(bytes);
      if (expected === undefined) return `OK for a request to refuse: ${what}`;
      const {
        raw_output_contents: [output],
      } = infer.responseDeserialize(message) as DecodedResponse;
      return output?.equals(expected) === true ? undefined : `a wrong answer to ${what}`;
    },
    async (random) => {
      const path = `/inference.GRPCInferenceService/${oneOf(random, OTHER_METHODS)}`;
      const bytes = mutateBytes(NOBODY, random);
      const { code, details } = await unary(client, path, bytes);
      return code === OK || FAULTS.has(code)
        ? undefined
        : `${grpc.status[code]} (${details}) from ${path} for ${bytes.toString("hex").slice(0, 600)}`;
    },
    async (random) => {
      const path = `/${mutateBytes(Buffer.from(infer.path.slice(1)), random).toString("hex")}`;
      const { code, details } = await unary(client, path, goodRequest(random));
      return FAULTS.has(code) ? undefined : `${grpc.status[code]} (${details}) from ${path}`;
    },
    (random) => brokenFraming(session, infer.path, goodRequest(random), random),
    (random) => sendBrokenFrames({ host, port: Number(port) }, random),
    async (random) => {
      const classification = oneOf(random, CLASSIFICATIONS);
      const outputs = [{ name: "output", parameters: { classification } }];
      const bytes = infer.requestSerialize({ ...REQUESTS[0], outputs });
      const { code, details, message } = await unary(client, infer.path, bytes);
      const what = JSON.stringify(classification);
      if (code !== OK) return FAULTS.has(code) ? undefined : `${grpc.status[code]} (${details}) for ${what}`;
      const count = Number(classification.int64_param ?? 0);
      if (!(count > 0)) return `OK for a number of classes to refuse: ${what}`;
      const {
        raw_output_contents: [output],
      } = infer.responseDeserialize(message) as DecodedResponse;
      const expected = packTexts(classesOf(DATA, count));
      return output?.equals(expected) === true ? undefined : `wrong classes for ${what}`;
    },
  ];

  return {
    malformed: (random) => oneOf(random, attacks)(random),
    async valid() {
      for (const request of REQUESTS) {
        const { code, details, message } = await unary(client, infer.path, infer.requestSerialize(request));
        if (code !== OK) throw new Error(`${grpc.status[code]} (${details})`);
        const {
          raw_output_contents: [output],
        } = infer.responseDeserialize(message) as DecodedResponse;
        if (!output?.equals(DATA)) throw new Error(`answered ${output?.toString("hex")}`);
      }
    },
    async close() {
      client.close();
      session.destroy();
    },
  };
}

/** The data of a BYTES tensor. */
function packTexts(texts: readonly string[]): Buffer {
  return Buffer.concat(
    texts.map((text) => {
      const element = Buffer.alloc(4 + text.length);
      element.writeUInt32LE(text.length);
      element.write(text, 4);
      return element;
    }),
  );
}

interface UnaryAnswer {
  readonly code: grpc.status;
  readonly details: string;
  readonly message: Buffer;
}

/** Calls a method with bytes as they are. */
export function unary(client: grpc.Client, path: string, bytes: Buffer): Promise<UnaryAnswer> {
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      path,
      () => bytes,
      (answer) => answer,
      {},
      (error, message = Buffer.alloc(0)) =>
        resolve({ code: error?.code ?? OK, details: error?.details ?? "", message }),
    );
  });
}

/**
 * A message in a wrong frame: a length that lies, the mark of a compression that was not announced, or a cut head. gRPC's
 * own libraries answer some of these with INTERNAL, as its specification says of a compressed message without an encoding.
 */
async function brokenFraming(
  session: http2.ClientHttp2Session,
  path: string,
  message: Buffer,
  random: Random,
): Promise<string | undefined> {
  const frame = Buffer.alloc(5 + message.length);
  message.copy(frame, 5);
  frame[0] = oneOf(random, [0, 0, 1, 2, 255]);
  frame.writeUInt32BE(
    oneOf(random, [message.length, message.length + 1, below(random, message.length), 0, 0xffff_ffff]),
    1,
  );
  const sent = below(random, 3) === 0 ? frame.subarray(0, below(random, 6)) : frame;
  const headers = { ":method": "POST", ":path": path, te: "trailers", "content-type": "application/grpc" };
  const status = await new Promise<string>((resolve) => {
    const stream = session.request(headers);
    let seen = "none";
    const look = (found: http2.IncomingHttpHeaders) => {
      seen = String(found["grpc-status"] ?? seen);
    };
    stream.on("response", look);
    stream.on("trailers", look);
    stream.on("error", () => {});
    stream.on("close", () => resolve(seen));
    stream.resume();
    stream.end(sent);
  });
  // Node's library takes a mark that means nothing, as without an announced compression, for "not compressed".
  const isWhole = sent.equals(frame) && frame.readUInt32BE(1) === message.length;
  if (status === "0" && !isWhole) return `OK for the frame ${sent.toString("hex")}`;
  if (Number(status) === grpc.status.UNKNOWN || status === "none") {
    return `status ${status} for the frame ${sent.toString("hex")}`;
  }
  return undefined;
}
