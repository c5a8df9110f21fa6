import type { ConformanceSubject } from "./conformance-bed.ts";
import { testTransportConformance } from "./transport-conformance.ts";

const GRPC = "transports/grpc/tfs/index.js";
const HTTP = "transports/http/tfs/index.js";

const tfs: Omit<ConformanceSubject, "module" | "factory" | "encodings"> = {
  cancelReachesServer: true,
  serverIsNameless: true,
  notFound: (modelName, modelVersion) =>
    `Servable not found for request: ${modelVersion === undefined ? `Latest(${modelName})` : `Specific(${modelName}, ${modelVersion})`}`,
};

testTransportConformance("tfs-grpc", {
  ...tfs,
  module: GRPC,
  factory: "createTfsGrpcTransport",
  encodings: ["binary"],
});
testTransportConformance("tfs-http", {
  ...tfs,
  module: HTTP,
  factory: "createTfsHttpTransport",
  encodings: ["json"],
});
testTransportConformance("kserve-v1", {
  ...tfs,
  module: HTTP,
  factory: "createKserveV1Transport",
  encodings: ["json"],
  tunings: ["defaults"],
  carriesUnequalBatches: false,
});
