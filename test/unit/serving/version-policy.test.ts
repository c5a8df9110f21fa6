import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  chooseVersions,
  compareVersions,
  completePolicy,
  isVersionName,
  normaliseVersion,
  VERSION_POLICY_SCHEMA,
} from "../../../src/serving/version-policy.ts";

const HELD = ["1", "2", "9", "10"];

describe("which versions are served", () => {
  it.each([
    ["no policy", undefined, ["10"]],
    ["latest without a number", { latest: { num_versions: 0 } }, ["10"]],
    ["latest", { latest: { num_versions: 3 } }, ["2", "9", "10"]],
    ["more than there are", { latest: { num_versions: 30 } }, HELD],
    ["all", { all: {} }, HELD],
    ["specific, as numbers and as protobuf's JSON texts", { specific: { versions: [9, "2"] } }, ["2", "9"]],
    ["specific that is not there", { specific: { versions: [1, 4] } }, ["1"]],
    ["specific without any", { specific: { versions: [] } }, []],
  ])("%s", (_case, policy, chosen) => {
    expect(chooseVersions(HELD, policy)).toEqual(chosen);
  });

  it("a configuration has one policy at most", () => {
    expect(VERSION_POLICY_SCHEMA.safeParse({ all: {}, latest: { num_versions: 1 } }).success).toBe(false);
    expect(VERSION_POLICY_SCHEMA.parse({ latest: {} })).toEqual({ latest: { num_versions: 1 } });
    expect(completePolicy({})).toEqual({ latest: { num_versions: 1 } });
  });
});

describe("names of versions", () => {
  it("are numbers that begin with no zero", () => {
    expect(["1", "20", "0", "01", "-1", "1a", "", "v1"].filter(isVersionName)).toEqual(["1", "20"]);
  });

  it("are in the order of their numbers, beyond what a double can tell apart", () => {
    const numbers = fc.uniqueArray(fc.bigInt({ min: 1n, max: 2n ** 62n }), { maxLength: 20 });
    fc.assert(
      fc.property(numbers, (values) => {
        const sorted = values.toSorted((a, b) => (a < b ? -1 : 1)).map(String);
        expect(values.map(String).sort(compareVersions)).toEqual(sorted);
      }),
    );
  });

  it("may be asked for with leading zeros", () => {
    expect(["02", "2", "0", "00", "v02"].map(normaliseVersion)).toEqual(["2", "2", "0", "0", "v02"]);
  });
});
