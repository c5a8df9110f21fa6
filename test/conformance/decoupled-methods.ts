import type * as grpc from "@grpc/grpc-js";

type Request = Record<string, unknown>;
type Infer = (call: { readonly request: Request }, done: grpc.sendUnaryData<object>) => void;

/** The methods of a server all of whose models are decoupled: a wrong response before the right one, which is the last. */
export function decoupledMethods(infer: Infer): grpc.UntypedServiceImplementation {
  return {
    ModelConfig: ({ request }: { readonly request: Request }, done: grpc.sendUnaryData<object>) =>
      done(null, { config: { name: request["name"], model_transaction_policy: { decoupled: true } } }),
    ModelStreamInfer: (stream: grpc.ServerDuplexStream<Request, object>) => {
      stream.on("data", (request: Request) => {
        infer({ request }, (_error, answer) => {
          const { raw_output_contents: raw } = answer as { readonly raw_output_contents: readonly Buffer[] };
          const respond = (isFinal: boolean, contents: readonly Buffer[]): void => {
            const parameters = { triton_final_response: { bool_param: isFinal } };
            stream.write({ infer_response: { ...answer, parameters, raw_output_contents: contents } });
          };
          respond(
            false,
            raw.map(({ byteLength }) => Buffer.alloc(byteLength)),
          );
          respond(true, raw);
        });
      });
      stream.on("end", () => stream.end());
      stream.on("error", () => undefined);
    },
  };
}
