import type { ConformanceSubject } from "./conformance-bed.ts";
import { testTransportConformance } from "./transport-conformance.ts";

const tfs: Omit<ConformanceSubject, "factory" | "encodings"> = {
  module: "transports/tfs/index.js",
  cancelReachesServer: true,
  serverIsNameless: true,
  notFound: (modelName, modelVersion) =>
    `Servable not found for request: ${modelVersion === undefined ? `Latest(${modelName})` : `Specific(${modelName}, ${modelVersion})`}`,
};

testTransportConformance("tfs-grpc", { ...tfs, factory: "createTfsGrpcTransport", encodings: ["binary"] });
testTransportConformance("tfs-http", { ...tfs, factory: "createTfsHttpTransport", encodings: ["json"] });
testTransportConformance("kserve-v1", {
  ...tfs,
  factory: "createKserveV1Transport",
  encodings: ["json"],
  tunings: ["defaults"],
  carriesUnequalBatches: false,
});
