// @ts-check
import * as grpc from "@grpc/grpc-js";
import { obey } from "../../dist/scenarios/processes/obey.js";
import { WINDOW_BYTES, widenServerWindows } from "../../dist/transports/grpc/windows.js";
import { protobufAnswer } from "./message.mjs";

/** A bare gRPC server with wide windows: takes the bytes of ModelInfer, answers ready ones. */
const answer = protobufAnswer();
const server = new grpc.Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
server.addService(
  {
    ModelInfer: {
      path: "/inference.GRPCInferenceService/ModelInfer",
      requestStream: false,
      responseStream: false,
      requestSerialize: itself,
      requestDeserialize: itself,
      responseSerialize: itself,
      responseDeserialize: itself,
    },
  },
  {
    /** @param {unknown} _call @param {grpc.sendUnaryData<Buffer>} callback */
    ModelInfer: (_call, callback) => callback(null, answer),
  },
);

obey(
  {
    /** Gives the endpoint. */
    async start() {
      const port = await new Promise((resolve, reject) => {
        server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, found) => {
          if (error === null) resolve(found);
          else reject(error);
        });
      });
      widenServerWindows(server, WINDOW_BYTES);
      return `grpc://127.0.0.1:${port}`;
    },
  },
  async () => server.forceShutdown(),
);

/** @param {Buffer} bytes */
function itself(bytes) {
  return bytes;
}
