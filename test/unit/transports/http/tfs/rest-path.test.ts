import { describe, expect, it } from "vitest";
import { parseEndpoint } from "../../../../../src/core/tfs/endpoint.ts";
import { parseRestPath, restPath } from "../../../../../src/transports/http/tfs/rest-path.ts";

describe("paths", () => {
  it.each([
    ["POST", "/v1/models/m:predict", { kind: "predict", model: { modelName: "m" } }],
    [
      "POST",
      "/V1/Models/M/Versions/007:Predict",
      { kind: "predict", model: { modelName: "M", modelVersion: "7" } },
    ],
    [
      "POST",
      "/v1/models/m/labels/stable:predict",
      { kind: "predict", model: { modelName: "m", label: "stable" } },
    ],
    ["POST", "/v1/models/a%20b:classify", { kind: "classify", model: { modelName: "a b" } }],
    ["GET", "/v1/models/m", { kind: "status", model: { modelName: "m" } }],
    [
      "GET",
      "/v1/models/m/versions/2/metadata",
      { kind: "metadata", model: { modelName: "m", modelVersion: "2" } },
    ],
    ["GET", "/v1/models", { kind: "list" }],
    ["GET", "/v1/models/m:predict", undefined],
    ["POST", "/v1/models/m", undefined],
    ["POST", "/v1/models/m:train", undefined],
    ["POST", "/v1/models/m/versions/x:predict", undefined],
    ["PUT", "/v1/models/m", undefined],
    ["GET", "/v2/models/m", undefined],
  ])("%s %s", (method, path, expected) => {
    expect(parseRestPath(method, path)).toEqual(expected);
  });

  it("refuses a name that is no UTF-8", () => {
    expect(() => parseRestPath("GET", "/v1/models/%ff")).toThrow(
      expect.objectContaining({ status: "INVALID_ARGUMENT" }) as Error,
    );
  });

  it("is written as it is read", () => {
    expect(parseRestPath("GET", restPath("a/b:c é", "3"))).toEqual({
      kind: "status",
      model: { modelName: "a/b:c é", modelVersion: "3" },
    });
  });
});

describe("endpoints", () => {
  it.each([
    ["tfs+http://host:9000/prefix/", "tfs+http", { hostPort: "host:9000", prefix: "/prefix" }],
    ["tfs+http://host", "tfs+http", { hostPort: "host:8501", prefix: "" }],
    ["tfs+grpc://[::1]:1", "tfs+grpc", { hostPort: "[::1]:1", prefix: "" }],
    ["tfs+grpc://h", "tfs+grpc", { hostPort: "h:8500", prefix: "" }],
    ["kserve-v1+http://h", "kserve-v1+http", { hostPort: "h:8080", prefix: "" }],
  ] as const)("%s", (endpoint, scheme, expected) => {
    expect(parseEndpoint(endpoint, scheme)).toEqual(expected);
  });

  it.each(["http://host", "tfs+grpc://host", "tfs+http:", "nothing"])("refuses %s", (endpoint) => {
    expect(() => parseEndpoint(endpoint, "tfs+http")).toThrow(
      expect.objectContaining({
        status: "INVALID_ARGUMENT",
        message: expect.stringMatching(/tfs\+http:\/\/host:8501/),
      }) as Error,
    );
  });
});
