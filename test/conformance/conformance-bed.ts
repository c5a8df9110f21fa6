import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { InferRequest, InferResponse } from "../../dist/core/inference.js";
import type { Parameters } from "../../dist/core/parameters.js";
import {
  type ConnectOptions,
  createMarks,
  type Encoding,
  type InferenceClient,
  type InferenceServer,
  type InferOptions,
  type Marks,
  type ServeOptions,
  type Transport,
  type Tuning,
} from "../../dist/core/transport.js";
import { createFakeCore, type FakeCore } from "./fake-core.ts";

/** What a transport's test file tells the suite about its transport. */
export interface ConformanceSubject {
  /** Below dist/, e.g. `transports/grpc/index.js`, and the name of the factory that it exports. */
  readonly module: string;
  readonly factory: string;
  /** The wire encodings that differ in their codec: `["json", "binary"]` for http, else `["binary"]`. */
  readonly encodings: readonly Encoding[];
  /** @default both */
  readonly tunings?: readonly Tuning[];
  /** The transport tells the server that a client gave up. */
  readonly cancelReachesServer: boolean;
  /** Its protocol has no question for who serves. @default false */
  readonly serverIsNameless?: boolean;
  /** The tensors of a message need not have one first size. @default true */
  readonly carriesUnequalBatches?: boolean;
  /** What it says of an unknown model or version. @default the core's words */
  readonly notFound?: (modelName: string, modelVersion?: string) => string;
  /** Both ends can only be in one process. */
  readonly inProcess?: boolean;
  /**
   * Starts what the transport needs beside server and client, such as a broker. Called once for each tuning and
   * encoding; `tearDown` after it.
   */
  readonly setUp?: () => Promise<{
    readonly serve?: Partial<ServeOptions>;
    readonly connect?: Partial<ConnectOptions>;
    tearDown(): Promise<void>;
  }>;
}

/** What the cases work with: one tuning and encoding of one transport. */
export interface Bed {
  readonly subject: ConformanceSubject;
  readonly transport: Transport;
  readonly serveOptions: ServeOptions;
  readonly connectOptions: ConnectOptions;
}

/** A server with its fake core and a client connected to it. */
export interface Pair {
  readonly core: FakeCore;
  readonly server: InferenceServer;
  readonly client: InferenceClient;
}

export async function loadTransport({ module, factory }: ConformanceSubject): Promise<Transport> {
  const url = new URL(`../../dist/${module}`, import.meta.url);
  const exports = (await import(url.href)) as Record<string, () => Transport>;
  const create = exports[factory];
  if (create === undefined) throw new Error(`${module} exports no ${factory}`);
  return create();
}

/** Runs `use` with a server and a client, and releases both whatever happens. */
export async function withPair(
  { transport, serveOptions, connectOptions }: Bed,
  use: (pair: Pair) => Promise<void>,
  options: { readonly serve?: Partial<ServeOptions>; readonly connect?: Partial<ConnectOptions> } = {},
): Promise<void> {
  const core = createFakeCore();
  const server = await transport.serve(core, { ...serveOptions, ...options.serve });
  try {
    const client = await transport.connect(server.endpoint, { ...connectOptions, ...options.connect });
    try {
      await use({ core, server, client });
    } finally {
      await client.destroy();
    }
  } finally {
    await server.close();
  }
}

let counter = 0;

/** A request of one UINT8 input with an id of its own. */
export function requestOf(modelName: string, data: Uint8Array, parameters?: Parameters): InferRequest {
  counter += 1;
  return {
    modelName,
    id: `request-${counter}`,
    parameters,
    inputs: [{ name: "input", datatype: "UINT8", shape: [data.byteLength], data }],
  };
}

/** A request that nobody waits for to its end; where the server does, it is a short one. */
export function endlessRequest({ subject }: Bed): InferRequest {
  return delayRequest(subject.cancelReachesServer ? 15_000 : 1_500);
}

/** `delay` for so long. */
export function delayRequest(delayMs: number): InferRequest {
  return requestOf("delay", Uint8Array.of(1), { wirebench_delay_us: delayMs * 1000 });
}

/** Bytes that differ from place to place. */
export function patternBytes(length: number): Uint8Array {
  const data = new Uint8Array(length);
  for (let i = 0; i < length; i++) data[i] = (i * 31 + (i >>> 8) * 7) & 0xff;
  return data;
}

export function infer(
  client: InferenceClient,
  request: InferRequest,
  options: Partial<InferOptions> & { readonly marks?: Marks } = {},
): Promise<InferResponse> {
  return client.infer(request, { marks: createMarks(), deadlineMs: 20_000, ...options });
}

/** Resolves when the condition holds. @throws after five seconds. */
export async function until(condition: () => boolean): Promise<void> {
  for (let waitedMs = 0; !condition(); waitedMs += 5) {
    if (waitedMs > 5000) throw new Error("waited five seconds in vain");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A child process that runs `conformance-process.js`: `server` prints its endpoint and stays, `roundtrip` ends by itself. */
export interface ConformanceProcess {
  /** The first line that it printed. */
  readonly firstLine: string;
  kill(): void;
  /** Its exit code; null when it was killed. */
  readonly exited: Promise<number | null>;
}

export async function startProcess(role: "server" | "roundtrip", bed: Bed): Promise<ConformanceProcess> {
  const task = {
    role,
    module: bed.subject.module,
    factory: bed.subject.factory,
    serveOptions: bed.serveOptions,
    connectOptions: bed.connectOptions,
  };
  const script = fileURLToPath(new URL("conformance-process.js", import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify(task)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit").then(([code]) => code as number | null);
  const [chunk] = (await Promise.race([
    once(child.stdout, "data"),
    exited.then((code) => {
      throw new Error(`the process ended with ${code} and printed nothing`);
    }),
  ])) as [Buffer];
  return { firstLine: chunk.toString("utf8").trim(), exited, kill: () => child.kill("SIGKILL") };
}
