import { testMalformed } from "./malformed/malformed-suite.ts";

// All 10,000 are sent by `npm run test:interop`.
testMalformed(1_000);
