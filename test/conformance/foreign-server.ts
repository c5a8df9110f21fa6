import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { decoupledMethods } from "./decoupled-methods.ts";

/**
 * A server of the field as others wrote it. `triton`: empty health bodies, null for nothing, raw answers, statistics, the binary
 * extension; `mlserver`: no extension, no statistics, nested parameters, raw answers beside empty contents; `typed`: the same with
 * typed answers; `moody`: Triton's, with another answer each time; `decoupled`: several responses over a stream, see there.
 */
export type Manner = "triton" | "mlserver" | "typed" | "moody" | "decoupled";

export interface ForeignServer {
  readonly http: string;
  readonly grpc: string;
  /** What clients sent it, one line each. */
  readonly seen: string[];
  close(): Promise<void>;
}

interface Input {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
  readonly parameters: object;
}

/** `double` answers twice its input, `pair` the sum of its inputs, `sleeping` is known and not ready. */
const MODELS: Readonly<Record<string, readonly { name: string; datatype: string; shape: number[] }[]>> = {
  double: [{ name: "x", datatype: "FP32", shape: [-1, 4] }],
  pair: [
    { name: "a", datatype: "FP32", shape: [-1, -1] },
    { name: "b", datatype: "FP32", shape: [-1, -1] },
  ],
  sleeping: [{ name: "x", datatype: "FP32", shape: [-1, 4] }],
};
const OUTPUTS = [{ name: "y", datatype: "FP32", shape: [-1, -1] }];
/** What each request is said to take, nanoseconds. */
const STAGE_NS = { queue: 1e6, compute_input: 2e6, compute_infer: 3e6, compute_output: 4e6 };

function answerOf(inputs: readonly Input[], requests: number, manner: Manner): Float32Array {
  const [first] = inputs;
  const size = first?.values.length ?? 0;
  const sum = Float32Array.from({ length: size }, (_, i) =>
    inputs.length === 1
      ? 2 * (first?.values[i] ?? 0)
      : inputs.reduce((total, { values }) => total + (values[i] ?? 0), 0),
  );
  if (manner === "moody") sum[0] = requests;
  return sum;
}

const bytesOf = (values: Float32Array): Buffer =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength);
const floatsOf = (bytes: Uint8Array): Float32Array => new Float32Array(new Uint8Array(bytes).buffer);

/** Starts it on two free ports of 127.0.0.1. */
export async function startForeignServer(manner: Manner): Promise<ForeignServer> {
  const seen: string[] = [];
  const counted = new Map<string, number>();
  const isTriton = manner === "triton" || manner === "moody";
  const count = (model: string): number => {
    const requests = (counted.get(model) ?? 0) + 1;
    counted.set(model, requests);
    return requests;
  };
  const statisticsOf = (name: string) => {
    const requests = counted.get(name) ?? 0;
    const duration = (ns: number) => ({ count: requests, ns: requests * ns });
    const stages = Object.entries(STAGE_NS).map(([stage, ns]) => [stage, duration(ns)]);
    return {
      model_stats: [
        { name, version: "1", inference_stats: { success: duration(10e6), ...Object.fromEntries(stages) } },
      ],
    };
  };

  const reply = (response: ServerResponse, code: number, body: object | string = ""): void => {
    response.writeHead(code, { "content-type": "application/json" });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };
  const inferHttp = (
    model: string,
    request: IncomingMessage,
    body: Buffer,
    response: ServerResponse,
  ): void => {
    const header = request.headers["inference-header-content-length"];
    if (header !== undefined && !isTriton) {
      reply(response, 400, { error: "not JSON" });
      return;
    }
    const jsonBytes = header === undefined ? body.byteLength : Number(header);
    const asked = JSON.parse(body.subarray(0, jsonBytes).toString()) as {
      id?: string;
      inputs: { name: string; datatype: string; shape: number[]; data?: number[]; parameters?: object }[];
    };
    let at = jsonBytes;
    const inputs = asked.inputs.map(({ data, parameters = {}, ...rest }): Input => {
      if (data !== undefined) return { ...rest, values: Float32Array.from(data), parameters };
      const size = (parameters as { binary_data_size: number }).binary_data_size;
      at += size;
      return { ...rest, values: floatsOf(body.subarray(at - size, at)), parameters };
    });
    seen.push(
      `${header === undefined ? "json" : "binary"} ${inputs.map(({ name, shape }) => `${name}[${shape}]`)}`,
    );
    const values = answerOf(inputs, count(model), manner);
    const shape = inputs[0]?.shape ?? [];
    const common = {
      model_name: model,
      id: asked.id,
      ...(isTriton
        ? { model_version: "1" }
        : { model_version: null, parameters: { headers: { a: 1 }, content_type: "np" } }),
    };
    const output = { name: "y", datatype: "FP32", shape };
    if (header === undefined) {
      const parameters = isTriton ? {} : { parameters: null };
      reply(response, 200, { ...common, outputs: [{ ...output, ...parameters, data: [...values] }] });
      return;
    }
    const raw = bytesOf(values);
    const json = JSON.stringify({
      ...common,
      outputs: [{ ...output, parameters: { binary_data_size: raw.byteLength } }],
    });
    response.writeHead(200, {
      "content-type": "application/octet-stream",
      "inference-header-content-length": String(Buffer.byteLength(json)),
    });
    response.end(Buffer.concat([Buffer.from(json), raw]));
  };

  const web = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const path = request.url ?? "";
      const [, model = "", rest = ""] = /^\/v2\/models\/([^/]+)\/?(.*)$/.exec(path) ?? [];
      if (path.startsWith("/v2/health/")) reply(response, 200);
      else if (path === "/v2") {
        const extensions = isTriton ? ["binary_tensor_data", "statistics"] : null;
        reply(response, 200, { name: manner, version: isTriton ? "2.51.0" : null, extensions });
      } else if (MODELS[model] === undefined) {
        reply(response, 404, { error: `Request for unknown model: '${model}' is not found` });
      } else if (rest === "infer") inferHttp(model, request, Buffer.concat(chunks), response);
      else if (rest === "ready") {
        if (model === "sleeping") reply(response, 400, { error: "Model version not ready" });
        else reply(response, 200);
      } else if (rest === "stats" && isTriton) reply(response, 200, statisticsOf(model));
      else if (rest === "") {
        const versions = isTriton ? ["1"] : null;
        const platform = isTriton ? "python" : null;
        reply(response, 200, { name: model, versions, platform, inputs: MODELS[model], outputs: OUTPUTS });
      } else reply(response, 404, { detail: "Not Found" });
    });
  });
  await new Promise<void>((resolve) => void web.listen(0, "127.0.0.1", resolve));

  const calls = await startGrpc({ manner, isTriton, seen, count, statisticsOf });
  return {
    http: `http://127.0.0.1:${(web.address() as AddressInfo).port}`,
    grpc: `grpc://127.0.0.1:${calls.port}`,
    seen,
    async close() {
      web.closeAllConnections();
      await new Promise((resolve) => void web.close(resolve));
      calls.server.forceShutdown();
    },
  };
}

interface GrpcOptions {
  readonly manner: Manner;
  readonly isTriton: boolean;
  readonly seen: string[];
  count(model: string): number;
  statisticsOf(model: string): object;
}

async function startGrpc({ manner, isTriton, seen, count, statisticsOf }: GrpcOptions) {
  const definition = loadSync(fileURLToPath(new URL("../../proto/inference.proto", import.meta.url)), {
    keepCase: true,
    longs: Number,
    defaults: true,
  })["inference.GRPCInferenceService"] as unknown as grpc.ServiceDefinition;
  type Call = grpc.ServerUnaryCall<Record<string, unknown>, object>;
  type Done = grpc.sendUnaryData<object>;
  const unknown = (name: unknown, done: Done): boolean => {
    if (MODELS[String(name)] !== undefined) return false;
    done({ code: grpc.status.NOT_FOUND, details: `unknown model: '${String(name)}' is not found` });
    return true;
  };
  const infer = ({ request }: Pick<Call, "request">, done: Done): void => {
    const model = String(request["model_name"]);
    const heads = request["inputs"] as {
      name: string;
      datatype: string;
      shape: number[];
      parameters: object;
    }[];
    const raw = request["raw_input_contents"] as Buffer[];
    const inputs = heads.map((head, i): Input => ({ ...head, values: floatsOf(raw[i] ?? Buffer.alloc(0)) }));
    seen.push(
      `grpc ${inputs.map(({ name, shape, parameters }) => `${name}[${shape}]${Object.keys(parameters)}`)}`,
    );
    const values = answerOf(inputs, count(model), manner);
    const output = { name: "y", datatype: "FP32", shape: inputs[0]?.shape ?? [] };
    const head = { model_name: model, id: request["id"] };
    if (manner === "typed") {
      done(null, { ...head, outputs: [{ ...output, contents: { fp32_contents: [...values] } }] });
    } else {
      const contents = manner === "mlserver" ? { contents: {} } : {};
      done(null, { ...head, outputs: [{ ...output, ...contents }], raw_output_contents: [bytesOf(values)] });
    }
  };
  const server = new grpc.Server();
  server.addService(definition, {
    ServerMetadata: (_: Call, done: Done) => done(null, { name: manner, extensions: [] }),
    ModelReady: ({ request }: Call, done: Done) => done(null, { ready: request["name"] !== "sleeping" }),
    ModelMetadata: ({ request }: Call, done: Done) => {
      if (unknown(request["name"], done)) return;
      const inputs = MODELS[String(request["name"])];
      done(null, { name: request["name"], inputs, outputs: OUTPUTS });
    },
    ModelInfer: infer,
    ...(manner === "decoupled" ? decoupledMethods(infer) : {}),
    ...(isTriton
      ? {
          ModelStatistics: ({ request }: Call, done: Done) =>
            done(null, statisticsOf(String(request["name"]))),
        }
      : {}),
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { server, port };
}
