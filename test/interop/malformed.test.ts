import { testMalformed } from "../conformance/malformed/malformed-suite.ts";

testMalformed(10_000);
