// @ts-check
import { Client } from "undici";
import { parseInferResponse } from "../../dist/core/oip/json.js";
import { answerBlocks, lastOf, timeEach } from "./blocks.mjs";
import { HEADER_LENGTH, httpRequest, MODEL } from "./message.mjs";

/** The bare HTTP client: undici, one connection, POSTs of a ready body. */
const IDLE_MS = 600_000;

answerBlocks(async (/** @type {{ endpoint: string }} */ { endpoint }) => {
  const client = new Client(endpoint, {
    pipelining: 1,
    connect: { noDelay: true },
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: IDLE_MS,
    keepAliveMaxTimeout: IDLE_MS,
  });
  const messageOf = lastOf((bytes) => httpRequest(bytes, "bare-1"));
  return {
    measure({ bytes, requests }) {
      const { body, headers } = messageOf(bytes);
      return timeEach(requests, () => post(client, body, headers), check);
    },
    close: () => client.destroy(),
  };
});

/**
 * @typedef {{ code: number, headers: Record<string, string | string[] | undefined>, chunks: Buffer[] }} Answer
 *
 * @param {Client} client
 * @param {Buffer} body
 * @param {Record<string, string>} headers
 * @returns {Promise<Answer>}
 */
function post(client, body, headers) {
  return new Promise((resolve, reject) => {
    /** @type {Answer} */
    const answer = { code: 0, headers: {}, chunks: [] };
    client.dispatch(
      { method: "POST", path: `/v2/models/${MODEL}/infer`, headers, body },
      {
        onRequestStart() {},
        onResponseStart(_controller, code, found) {
          answer.code = code;
          answer.headers = found;
        },
        onResponseData(_controller, chunk) {
          answer.chunks.push(chunk);
        },
        onResponseEnd() {
          resolve(answer);
        },
        onResponseError(_controller, error) {
          reject(error);
        },
      },
    );
  });
}

/** @param {Answer} answer */
function check({ code, headers, chunks }) {
  const body = Buffer.concat(chunks);
  if (code !== 200) throw new Error(`HTTP ${code}: ${body.toString("utf8", 0, 200)}`);
  if (parseInferResponse(body, Number(headers[HEADER_LENGTH])).outputs.length !== 1) {
    throw new Error("the answer has no output");
  }
}
