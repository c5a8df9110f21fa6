import { describe, expect, it } from "vitest";
import type { InferRequest } from "../../../../src/core/inference.ts";
import {
  decodeResponse,
  encodeRequest,
  headerLengthOf,
  modelPath,
} from "../../../../src/transports/http/codec.ts";

const requestOf = (bytes: number): InferRequest => ({
  modelName: "m",
  id: "1",
  inputs: [{ name: "x", datatype: "UINT8", shape: [bytes], data: new Uint8Array(bytes) }],
});
const lengthOf = (parts: readonly Uint8Array[]): number =>
  parts.reduce((sum, part) => sum + part.byteLength, 0);

describe("HTTP requests", () => {
  it("have a path that survives any name", () => {
    expect(modelPath("a/b ü")).toBe("/v2/models/a%2Fb%20%C3%BC");
    expect(modelPath("m", "1")).toBe("/v2/models/m/versions/1");
  });

  it("join small bodies and leave large tensors where they are", () => {
    expect(encodeRequest(requestOf(1000), "binary").parts).toHaveLength(1);
    const large = requestOf(100_000);
    const { parts, totalBytes } = encodeRequest(large, "bayer");
    expect(parts.at(-1)).toBe(large.inputs[0]?.data);
    expect(lengthOf(parts)).toBe(totalBytes);
  });

  it("announce the JSON part of a binary body only", () => {
    const names = (encoding: "json" | "png") =>
      encodeRequest(requestOf(10), encoding).headers.filter((_, i) => i % 2 === 0);
    expect(names("json")).toEqual(["content-type", "content-length"]);
    expect(names("png")).toEqual(["content-type", "inference-header-content-length", "content-length"]);
  });
});

describe("headerLengthOf", () => {
  it.each([
    [undefined, undefined],
    ["162", 162],
    ["0", 0],
    ["-1", Number.NaN],
    ["1.5", Number.NaN],
    ["", Number.NaN],
    [["1", "2"], Number.NaN],
  ])("reads %j as %d", (value, expected) => {
    expect(headerLengthOf(value)).toEqual(expected);
  });
});

it("an answer whose header length is no number is the server's fault", () => {
  expect(() => decodeResponse(new Uint8Array(2), "x")).toThrow(
    expect.objectContaining({ status: "INTERNAL" }),
  );
});
