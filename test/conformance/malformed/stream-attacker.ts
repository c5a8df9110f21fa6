import * as grpc from "@grpc/grpc-js";
import type { Attacker } from "./attack.ts";
import {
  type DecodedResponse,
  expectedAnswer,
  FAULTS,
  goodRequest,
  methodOf,
  REQUESTS,
} from "./grpc-attacker.ts";
import { mutateBytes } from "./mutate.ts";

interface StreamAnswer {
  readonly error_message: string;
  readonly infer_response: DecodedResponse;
}

/** Attacks ModelStreamInfer: one stream, one broken message outstanding; a stream that the server ends is opened anew. */
export function createStreamAttacker(endpoint: string): Attacker {
  const { host } = new URL(endpoint.replace(/^[^:]+:/, "http:"));
  const client = new grpc.Client(host, grpc.credentials.createInsecure());
  const { path, responseDeserialize } = methodOf("ModelStreamInfer");
  let stream: grpc.ClientDuplexStream<Buffer, StreamAnswer> | undefined;

  const exchange = (bytes: Buffer): Promise<StreamAnswer | grpc.ServiceError> => {
    stream ??= client.makeBidiStreamRequest(
      path,
      (message: Buffer) => message,
      (message) => responseDeserialize(message) as StreamAnswer,
    );
    const current = stream;
    return new Promise((resolve, reject) => {
      const settle = (settleWith: () => void): void => {
        current.removeAllListeners();
        settleWith();
      };
      current.on("data", (answer: StreamAnswer) => settle(() => resolve(answer)));
      current.on("error", (error: grpc.ServiceError) => {
        stream = undefined;
        settle(() => resolve(error));
        current.on("error", () => {});
      });
      current.on("end", () => {
        stream = undefined;
        settle(() => reject(new Error("the server ended the stream without an answer")));
        current.on("error", () => {});
      });
      current.write(bytes);
    });
  };

  return {
    async malformed(random) {
      const bytes = mutateBytes(goodRequest(random), random);
      const what = bytes.toString("hex").slice(0, 600);
      const answer = await exchange(bytes);
      if ("code" in answer) {
        return FAULTS.has(answer.code)
          ? undefined
          : `${grpc.status[answer.code]} (${answer.details}) for ${what}`;
      }
      if (answer.error_message !== "") return undefined;
      const expected = expectedAnswer(bytes);
      if (expected === undefined) return `an answer to a request to refuse: ${what}`;
      const [output] = answer.infer_response.raw_output_contents;
      return output?.equals(expected) === true ? undefined : `a wrong answer to ${what}`;
    },
    async valid() {
      const infer = methodOf("ModelInfer");
      for (const request of REQUESTS) {
        const bytes = infer.requestSerialize(request);
        const answer = await exchange(bytes);
        if ("code" in answer) throw answer;
        const [output] = answer.infer_response.raw_output_contents;
        if (
          answer.error_message !== "" ||
          output?.equals(expectedAnswer(bytes) ?? Buffer.alloc(0)) !== true
        ) {
          throw new Error(`answered ${JSON.stringify(answer)}`);
        }
      }
    },
    async close() {
      stream?.on("error", () => {});
      stream?.cancel();
      client.close();
    },
  };
}
