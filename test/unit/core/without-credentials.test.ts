import { expect, it } from "vitest";
import { withoutCredentials } from "../../../src/core/without-credentials.ts";

it.each([
  ["mqtt://me:secret@host:1883", "mqtt://host:1883"],
  ["mqtt://me@host", "mqtt://host"],
  ["mqtt://me:p@ss@[::1]:1883", "mqtt://[::1]:1883"],
  ["kserve-v1+http://me:secret@host:8080/v1", "kserve-v1+http://host:8080/v1"],
  ["GRPC://me:secret@host:8001", "GRPC://host:8001"],
  ["http://host:8000/a@b", "http://host:8000/a@b"],
  ["grpc://host:8001", "grpc://host:8001"],
  ["me:secret@host", "me:secret@host"],
])("%s is written as %s", (url, written) => {
  expect(withoutCredentials(url)).toBe(written);
});
