import { testTransportConformance } from "./transport-conformance.ts";

testTransportConformance("local", {
  module: "transports/local/index.js",
  factory: "createLocalTransport",
  encodings: ["binary"],
  tunings: ["tuned"],
  cancelReachesServer: true,
  inProcess: true,
});
