import { expect, it } from "vitest";
import { withRelay } from "../../../src/config/with-relay.ts";
import type { ConfigProblem } from "../../../src/core/errors.ts";

it("adds the control once, where it is asked for", () => {
  expect(withRelay(["http", "mqtt"], {})).toEqual(["http", "mqtt"]);
  expect(withRelay(["http", "mqtt"], { relay: true })).toEqual(["http", "mqtt", "http-relay"]);
  expect(withRelay(["mqtt"], { relay: true })).toEqual(["mqtt", "http-relay"]);
  expect(withRelay(["http-relay"], { relay: true })).toEqual(["http-relay"]);
});

it("stands before a foreign HTTP server, and before no other", () => {
  const problems: ConfigProblem[] = [];
  expect(withRelay(["http"], { relay: true, url: "http://a:1" }, problems)).toEqual(["http", "http-relay"]);
  expect(problems).toEqual([]);
  expect(withRelay(["grpc"], { relay: true, url: "grpc://a:1" }, problems)).toEqual(["grpc"]);
  expect(problems).toEqual([{ path: "relay", message: "relays HTTP, and url is grpc://a:1" }]);
});
