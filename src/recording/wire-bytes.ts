/** What a process handed to TCP and got from it over the connections that it opened; bytes. */
export interface TcpPayload {
  readonly connections: number;
  readonly writtenBytes: number;
  readonly readBytes: number;
}

/** Bytes both ways over one link. */
export interface LinkBytes {
  /** The way that requests go. */
  readonly requestBytes: number;
  readonly responseBytes: number;
}

/**
 * What crossed the links of one run, its set-up and warm-up apart.
 *
 * `frames`: counted by the kernel at a network interface of its own, with all headers and acknowledgements; `tcp-payload`: what
 * the sockets took and gave, without them.
 */
export interface WireBytes extends LinkBytes {
  readonly counted: "frames" | "tcp-payload";
  /** Requests that the bytes are of. */
  readonly requests: number;
  /** The link between broker or relay and server, where there is one. */
  readonly behindBroker?: LinkBytes | undefined;
  /** The client's link before the window: connecting, metadata and the warm-up. */
  readonly setUp?: LinkBytes | undefined;
}

/** A mean per request. */
export interface WireBytesPerRequest extends LinkBytes {
  readonly counted: WireBytes["counted"];
  readonly behindBroker?: LinkBytes | undefined;
}

/** The mean over several runs; `undefined` where one of them has none, or they were counted unlike. */
export function wireBytesPerRequest(
  runs: readonly (WireBytes | undefined)[],
): WireBytesPerRequest | undefined {
  const known = runs.flatMap((run) => run ?? []);
  const [first] = known;
  if (first === undefined || known.length < runs.length) return undefined;
  if (known.some(({ counted }) => counted !== first.counted)) return undefined;
  const requests = known.reduce((sum, run) => sum + run.requests, 0);
  if (requests === 0) return undefined;
  const mean = (links: readonly LinkBytes[]): LinkBytes => ({
    requestBytes: links.reduce((sum, link) => sum + link.requestBytes, 0) / requests,
    responseBytes: links.reduce((sum, link) => sum + link.responseBytes, 0) / requests,
  });
  const behind = known.flatMap(({ behindBroker }) => behindBroker ?? []);
  return {
    counted: first.counted,
    ...mean(known),
    ...(behind.length === known.length ? { behindBroker: mean(behind) } : {}),
  };
}

/** The tcp payload of a run. @param behind - of the process that opened the link behind a broker or relay. */
export function tcpPayloadBytes(
  requests: number,
  client: TcpPayload | undefined,
  behind?: LinkBytes,
): WireBytes | undefined {
  if (client === undefined) return undefined;
  return {
    counted: "tcp-payload",
    requests,
    requestBytes: client.writtenBytes,
    responseBytes: client.readBytes,
    ...(behind === undefined ? {} : { behindBroker: behind }),
  };
}
