import { describe, expect, it } from "vitest";
import { encodedTimeoutUs } from "../../../src/serving/request-timeout.ts";

const oip = (text: string): number | undefined => {
  const body = Buffer.from(text);
  const context = { modelName: "m", headerBytes: body.byteLength };
  return encodedTimeoutUs({ body, codec: "oip-json", context });
};
const input = (numbers: number, more = ""): string =>
  `"inputs":[{"name":"x","datatype":"UINT8","shape":[${numbers}],"data":[${Array(numbers).fill(7)}]${more}}]`;
const SMALL = 4;
const LARGE = 100_000;
const PARAMETERS = '"parameters":{"priority":1,"timeout":1500}';

describe("encodedTimeoutUs", () => {
  it.each([
    ["first", SMALL, `{${PARAMETERS},${input(SMALL)}}`],
    ["between", SMALL, `{${input(SMALL)},${PARAMETERS},"outputs":[]}`],
    ["first", LARGE, `{"id": "r", ${PARAMETERS} ,${input(LARGE)}}`],
    ["last", LARGE, `{${input(LARGE)},${PARAMETERS} }\n`],
  ])("reads parameters that come %s, with %i numbers", (_where, _numbers, text) => {
    expect(oip(text)).toBe(1500);
  });

  it.each([
    ["none", `{${input(SMALL)}}`],
    ["none, in large JSON", `{${input(LARGE)}}`],
    ["0", `{"parameters":{"timeout":0},${input(SMALL)}}`],
    ["an input's own", `{${input(SMALL, `,${PARAMETERS}`)}}`],
    ["an input's own, in large JSON", `{${input(LARGE, `,${PARAMETERS}`)}}`],
    ["one in another member", `{${input(LARGE)},"more":{${PARAMETERS}}}`],
    ["one in a text", `{${input(LARGE)},"id":${JSON.stringify(`{${PARAMETERS}}`)}}`],
    ["what the worker will refuse", `{"parameters":{"timeout":"soon"},${input(SMALL)}}`],
    ["no JSON", '{"timeout"'],
  ])("finds no timeout where there is %s", (_what, text) => {
    expect(oip(text)).toBeUndefined();
  });

  it("reads no further than the JSON goes", () => {
    const json = Buffer.from(`{${PARAMETERS},${input(SMALL)}}`);
    const body = Buffer.concat([json, Buffer.from('"timeout"')]);
    const context = { modelName: "m", headerBytes: json.byteLength };
    expect(encodedTimeoutUs({ body, codec: "oip-json", context })).toBe(1500);
  });

  it("takes the envelope's for a predict body", () => {
    const envelope = { id: "", parameters: { timeout: 900 }, inputs: new Map() };
    const context = { modelName: "m", headerBytes: 2, predict: { inputs: [], envelope } };
    expect(encodedTimeoutUs({ body: Buffer.from("{}"), codec: "tfs-json", context })).toBe(900);
  });
});
