// @ts-check
import * as grpc from "@grpc/grpc-js";
import { decodeInferResponse } from "../../dist/core/oip/protobuf.js";
import { WINDOW_BYTES } from "../../dist/transports/grpc/windows.js";
import { answerBlocks, lastOf, timeEach } from "./blocks.mjs";
import { protobufRequest } from "./message.mjs";

/** The bare gRPC client: unary ModelInfer of a ready message over a connection of its own, with a wide window. */
const PATH = "/inference.GRPCInferenceService/ModelInfer";

answerBlocks(async (/** @type {{ endpoint: string }} */ { endpoint }) => {
  const client = new grpc.Client(new URL(endpoint).host, grpc.credentials.createInsecure(), {
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
    "grpc.use_local_subchannel_pool": 1,
    "grpc.enable_http_proxy": 0,
    "grpc-node.flow_control_window": WINDOW_BYTES,
  });
  const messageOf = lastOf((bytes) => protobufRequest(bytes, "bare-1"));
  return {
    measure({ bytes, requests }) {
      const message = messageOf(bytes);
      return timeEach(requests, () => infer(client, message), check);
    },
    close: () => client.close(),
  };
});

/**
 * @param {grpc.Client} client
 * @param {Buffer} message
 * @returns {Promise<Buffer>}
 */
function infer(client, message) {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(PATH, itself, itself, message, (error, answer) => {
      if (error === null && answer !== undefined) resolve(answer);
      else reject(error ?? new Error("no answer"));
    });
  });
}

/** @param {Buffer} bytes */
function itself(bytes) {
  return bytes;
}

/** @param {Buffer} answer */
function check(answer) {
  if (decodeInferResponse(answer).outputs.length !== 1) throw new Error("the answer has no output");
}
