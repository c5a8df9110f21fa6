import type { Attacker } from "./attack.ts";
import { attackOver } from "./http-attacker.ts";
import { Http2Exchange } from "./http2-exchange.ts";
import { sendBrokenFrames } from "./http2-frames.ts";

/** The same attacks as over HTTP/1.1, in streams of HTTP/2 with prior knowledge, and its broken frames on the same port. */
export function createHttp2Attacker(endpoint: string): Attacker {
  const { hostname: host, port } = new URL(endpoint);
  return attackOver(new Http2Exchange(endpoint), (random) =>
    sendBrokenFrames({ host, port: Number(port) }, random),
  );
}
