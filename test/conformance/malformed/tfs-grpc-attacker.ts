import * as grpc from "@grpc/grpc-js";
import type { Random } from "../../../dist/core/random.js";
import type { Attacker } from "./attack.ts";
import { FAULTS, unary } from "./grpc-attacker.ts";
import { mutateBytes, oneOf } from "./mutate.ts";
import {
  decodePredictRequest,
  decodePredictResponse,
  encodePredictRequest,
  type PredictRequest,
  type TensorProto,
  UINT8,
} from "./tfs-messages.ts";

const PREDICT = "/tensorflow.serving.PredictionService/Predict";
const OTHER_METHODS = [
  "/tensorflow.serving.PredictionService/GetModelMetadata",
  "/tensorflow.serving.PredictionService/Classify",
  "/tensorflow.serving.ModelService/GetModelStatus",
] as const;
const DATA = Buffer.from([1, 2, 3, 250, 0, 7]);
const tensorShape = { dim: [{ size: DATA.length }] };
const content = { dtype: UINT8, tensorShape, tensorContent: DATA };

const REQUESTS = [
  { modelSpec: { name: "identity" }, inputs: { input: content } },
  {
    modelSpec: { name: "identity", version: { value: 1 } },
    inputs: { input: content },
    outputFilter: ["output"],
  },
  {
    modelSpec: { name: "identity", signatureName: "serving_default" },
    inputs: { input: { dtype: UINT8, tensorShape, intVal: [...DATA] } },
  },
].map(encodePredictRequest);

/** Attacks Predict and other methods of TensorFlow Serving's gRPC services with broken messages. */
export function createTfsGrpcAttacker(endpoint: string): Attacker {
  const { host } = new URL(endpoint.replace(/^[^:]+:/, "http:"));
  const client = new grpc.Client(host, grpc.credentials.createInsecure());
  const attacks: readonly ((random: Random) => Promise<string | undefined>)[] = [
    async (random) => {
      const bytes = mutateBytes(oneOf(random, REQUESTS), random);
      const { code, details, message } = await unary(client, PREDICT, bytes);
      const what = bytes.toString("hex").slice(0, 600);
      if (code !== grpc.status.OK) {
        return FAULTS.has(code) ? undefined : `${grpc.status[code]} (${details}) for ${what}`;
      }
      const expected = expectedAnswer(bytes);
      if (expected === undefined) return `OK for a request to refuse: ${what}`;
      return outputOf(message)?.equals(expected) === true ? undefined : `a wrong answer to ${what}`;
    },
    async (random) => {
      const path = oneOf(random, OTHER_METHODS);
      const bytes = mutateBytes(encodePredictRequest({ modelSpec: { name: "identity" } }), random);
      const { code, details } = await unary(client, path, bytes);
      return code === grpc.status.OK || FAULTS.has(code)
        ? undefined
        : `${grpc.status[code]} (${details}) from ${path} for ${bytes.toString("hex").slice(0, 600)}`;
    },
  ];
  return {
    malformed: (random) => oneOf(random, attacks)(random),
    async valid() {
      for (const request of REQUESTS) {
        const { code, details, message } = await unary(client, PREDICT, request);
        if (code !== grpc.status.OK || outputOf(message)?.equals(DATA) !== true) {
          throw new Error(`${grpc.status[code]} (${details}) ${message.toString("hex")}`);
        }
      }
    },
    async close() {
      client.close();
    },
  };
}

/** What `identity` must answer; `undefined`: the request must be refused. */
function expectedAnswer(bytes: Buffer): Buffer | undefined {
  let request: PredictRequest;
  try {
    request = decodePredictRequest(bytes);
  } catch {
    return undefined;
  }
  const { modelSpec, inputs, outputFilter } = request;
  if (modelSpec?.name !== "identity" || ![0, 1].includes(modelSpec.version?.value ?? 0)) return undefined;
  if (outputFilter.some((name) => name !== "output")) return undefined;
  const [[name, tensor] = ["", undefined], ...others] = Object.entries(inputs);
  return name === "input" && tensor !== undefined && others.length === 0 ? bytesOf(tensor) : undefined;
}

function bytesOf({
  dtype,
  tensorShape: shape,
  tensorContent,
  intVal,
  floatVal,
}: TensorProto): Buffer | undefined {
  if (
    dtype !== UINT8 ||
    shape == null ||
    shape.unknownRank ||
    shape.dim.length !== 1 ||
    floatVal.length > 0
  ) {
    return undefined;
  }
  const count = shape.dim[0]?.size ?? 0;
  if (count < 0 || count > 1e6) return undefined;
  if (tensorContent.length > 0) {
    return tensorContent.length === count && intVal.length === 0 ? Buffer.from(tensorContent) : undefined;
  }
  if (intVal.length > count || intVal.some((value) => value < 0 || value > 255)) return undefined;
  // The last value is repeated; none at all are zeros.
  const last = intVal.at(-1) ?? 0;
  return Buffer.from(Array.from({ length: count }, (_, i) => intVal[i] ?? last));
}

function outputOf(message: Buffer): Buffer | undefined {
  const tensor = decodePredictResponse(message).outputs["output"];
  return tensor === undefined ? undefined : bytesOf(tensor);
}
