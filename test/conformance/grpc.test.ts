import { testTransportConformance } from "./transport-conformance.ts";

testTransportConformance("grpc", {
  module: "transports/grpc/index.js",
  factory: "createGrpcTransport",
  encodings: ["binary"],
  cancelReachesServer: true,
});
