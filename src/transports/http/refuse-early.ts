import type { Server } from "node:http";
import { PAYLOAD_TOO_LARGE, STATUS_HEADER } from "./status-codes.ts";

/**
 * Answers a client that asks first (`Expect: 100-continue`) and announces a body over the limit before it has sent one byte
 * of it; all others are told to go on.
 */
export function refuseEarly(server: Server, maxPayloadBytes: number): void {
  server.on("checkContinue", (request, response) => {
    const bytes = Number(request.headers["content-length"] ?? 0);
    if (bytes <= maxPayloadBytes) {
      response.writeContinue();
      server.emit("request", request, response);
      return;
    }
    const text = `the body has ${bytes} bytes or more, over the limit of ${maxPayloadBytes}`;
    const body = JSON.stringify({ error: text });
    response
      .writeHead(PAYLOAD_TOO_LARGE, {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
        [STATUS_HEADER]: "RESOURCE_EXHAUSTED",
        // The client may send the body all the same: where the next request begins is unknown.
        connection: "close",
      })
      .end(body);
  });
}
