import { expect, test } from "vitest";
import { joinBrokerMarks, requestId } from "../../../src/recording/broker-marks.ts";
import { madeRun, steadyRun } from "./made-run.ts";

const MARK = { requestInNs: 1, requestOutNs: 2, responseInNs: 3, responseOutNs: 4 };

test("marks find their request by its id; those of others are passed over", () => {
  const record = madeRun(steadyRun(3));
  const ids = [requestId("r-", 2), requestId("r-", 3), requestId("warm-", 1), "r-", "r-1x", "r--1", "2"];
  expect(
    joinBrokerMarks(
      record,
      ids.map((id) => ({ ...MARK, requestId: id })),
    ),
  ).toBe(1);
  expect([...record.columns.brokerRequestInNs]).toEqual([Number.NaN, Number.NaN, 1]);
  expect([...record.columns.brokerResponseOutNs]).toEqual([Number.NaN, Number.NaN, 4]);
});
