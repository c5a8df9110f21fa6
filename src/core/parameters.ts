/** Parameters of a request, a response or a tensor; integers travel as int64, other numbers as double. */
export type Parameters = Readonly<Record<string, ParameterValue>>;
export type ParameterValue = string | number | boolean;

/** Input parameter: what the bytes of an image input are; absent means `tensor`, exactly the model's input. */
export const CONTENT = "wirebench_content";
/** Response parameters that carry a failure over MQTT: gRPC's status name and the text. */
export const STATUS = "wirebench_status";
export const MESSAGE = "wirebench_message";
/** Request parameter of the `delay` model: microseconds. */
export const DELAY_US = "wirebench_delay_us";
/** Triton's reserved request parameter: how long the request may wait and run, microseconds. */
export const TIMEOUT_US = "timeout";

/** Response parameters: the server's stage durations, nanoseconds. */
export const DECODE_NS = "wirebench_decode_ns";
export const QUEUE_NS = "wirebench_queue_ns";
export const PREPROCESS_NS = "wirebench_preprocess_ns";
export const INFER_NS = "wirebench_infer_ns";
export const POSTPROCESS_NS = "wirebench_postprocess_ns";
export const ENCODE_NS = "wirebench_encode_ns";
/** Response parameters: marks of the server's monotonic clock, and the name of that clock. */
export const IN_NS = "wirebench_in_ns";
export const OUT_NS = "wirebench_out_ns";
export const BOOT_ID = "wirebench_boot_id";

/** What a server of ours tells about one request; an absent stage was not a stage of its own there. */
export interface ServerTiming {
  /** When the whole request had arrived, and when the answer was handed to the library: marks of the clock `clockId`. */
  readonly inNs: number;
  readonly outNs: number;
  readonly clockId: string;
  readonly decodeNs: number;
  readonly queueNs: number | undefined;
  readonly preprocessNs: number | undefined;
  readonly inferNs: number | undefined;
  readonly postprocessNs: number | undefined;
  /** From the end of the computation to `outNs`, the way back to the sockets' thread included. */
  readonly encodeNs: number;
}

/** The timing in a response's parameters; `undefined` for a server that does not send it. */
export function readServerTiming(parameters: Parameters | undefined): ServerTiming | undefined {
  if (parameters === undefined) return undefined;
  const number = (name: string): number | undefined => {
    const value = parameters[name];
    return typeof value === "number" ? value : undefined;
  };
  const inNs = number(IN_NS);
  const outNs = number(OUT_NS);
  const clockId = parameters[BOOT_ID];
  if (inNs === undefined || outNs === undefined || typeof clockId !== "string") return undefined;
  return {
    inNs,
    outNs,
    clockId,
    decodeNs: number(DECODE_NS) ?? 0,
    queueNs: number(QUEUE_NS),
    preprocessNs: number(PREPROCESS_NS),
    inferNs: number(INFER_NS),
    postprocessNs: number(POSTPROCESS_NS),
    encodeNs: number(ENCODE_NS) ?? 0,
  };
}

/**
 * The parameters of a response on the wire: the core's stages and the server's marks. Call it last, just before the
 * final header is put together: `outNs` is taken here.
 *
 * @param served - the response of the core; `finishedNs` is where its computation ended.
 * @param marks - `inNs`: the whole request had arrived; `decodeNs`: what the transport spent on decoding.
 */
export function timedParameters(
  served: { readonly parameters?: Parameters | undefined; readonly finishedNs?: number | undefined },
  marks: {
    readonly inNs: number;
    readonly decodeNs: number;
    readonly nowNs: () => number;
    readonly clockId: string;
  },
): Parameters {
  const outNs = marks.nowNs();
  const decodeNs = served.parameters?.[DECODE_NS];
  return {
    [IN_NS]: marks.inNs,
    [OUT_NS]: outNs,
    [BOOT_ID]: marks.clockId,
    [ENCODE_NS]: outNs - (served.finishedNs ?? outNs),
    ...served.parameters,
    [DECODE_NS]: marks.decodeNs + (typeof decodeNs === "number" ? decodeNs : 0),
  };
}
