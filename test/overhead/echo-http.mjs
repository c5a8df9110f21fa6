// @ts-check
import { once } from "node:events";
import { createServer } from "node:http";
import { obey } from "../../dist/scenarios/processes/obey.js";
import { httpAnswer } from "./message.mjs";

/** A bare HTTP server: reads the body, answers a ready one. */
const { body, headers } = httpAnswer();
const server = createServer({ noDelay: true, keepAliveTimeout: 600_000 }, (request, response) => {
  request.on("data", () => {});
  request.on("end", () => {
    response.writeHead(200, headers);
    response.end(body);
  });
});

obey(
  {
    /** Gives the endpoint. */
    async start() {
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const address = server.address();
      return `http://127.0.0.1:${typeof address === "object" ? address?.port : address}`;
    },
  },
  async () => {
    server.close();
    server.closeAllConnections();
  },
);
