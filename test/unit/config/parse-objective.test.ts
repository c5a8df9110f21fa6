import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseObjective } from "../../../src/config/parse-objective.ts";
import { ConfigError } from "../../../src/core/errors.ts";
import { requestsForInterval, requestsForObjective } from "../../../src/recording/peak/objective.ts";

describe("parseObjective", () => {
  it.each([
    ["p99=50ms", { kind: "percentile", name: "p99", perMille: 990, boundMs: 50 }],
    ["p50<=1.5s", { kind: "percentile", name: "p50", perMille: 500, boundMs: 1_500 }],
    ["P99.9 < 200us", { kind: "percentile", name: "p99.9", perMille: 999, boundMs: 0.2 }],
    ["error-rate<1%", { kind: "error-rate", share: 0.01 }],
    ["error-rate=0.05", { kind: "error-rate", share: 0.05 }],
    ["error-rate=0%", { kind: "error-rate", share: 0 }],
    ["goodput>=99%", { kind: "goodput", share: 0.99, deadlineMs: 80 }],
    ["goodput=0.95", { kind: "goodput", share: 0.95, deadlineMs: 80 }],
  ])("reads %s", (text, term) => {
    expect(parseObjective(text, 80)).toEqual({ text, terms: [term] });
  });

  it("reads several", () => {
    expect(
      parseObjective("p50=5ms, p99=50ms,error-rate<1%", undefined).terms.map(({ kind }) => kind),
    ).toEqual(["percentile", "percentile", "error-rate"]);
  });

  it.each([
    ["", /expected p99=50ms.*got ''/],
    ["fast", /expected p99=50ms.*'fast'/],
    ["p99", /'p99'/],
    ["p99=", /'p99='/],
    ["p99=50", /time with its unit.*50ms/],
    ["p99=-5ms", /time with its unit/],
    ["p99=0ms", /time with its unit/],
    ["p99=NaNms", /time with its unit/],
    ["p99=1e3ms", /time with its unit/],
    ["p100=5ms", /expected p99=50ms/],
    ["p0=5ms", /expected p99=50ms/],
    ["p99>5ms", /p99 takes =, < or <=/],
    ["error-rate>1%", /error-rate takes =, < or <=/],
    ["error-rate<100%", /below 100 %/],
    ["error-rate<-1%", /below 100 %/],
    ["goodput<5%", /goodput takes =, > or >=/],
    ["goodput=0%", /share of the requests/],
    ["goodput=150%", /share of the requests/],
    ["p99=5ms,p99=6ms", /p99 is named twice/],
    ["p99=5ms,,p50=1ms", /got ''/],
    ["latency=5ms", /'latency=5ms'/],
  ])("refuses '%s' in one line", (text, says) => {
    const read = (): unknown => parseObjective(text, 80);
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(says);
    try {
      read();
    } catch (error) {
      expect((error as ConfigError).problems).toHaveLength(1);
      expect((error as ConfigError).message).not.toContain("\n");
    }
  });

  it("names every term that is wrong", () => {
    const read = (): unknown => parseObjective("p99=50,error-rate>1%,p50=1ms", undefined);
    expect(read).toThrow(/p99=50.*\n.*error-rate/);
  });

  it("asks for a deadline where goodput needs one", () => {
    expect(() => parseObjective("goodput=99%", undefined)).toThrow(/--deadline/);
  });

  it("never throws anything else, whatever is typed", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          expect(parseObjective(text, undefined).terms.length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
        }
      }),
    );
  });

  it("asks for the requests that its percentiles need", () => {
    const needs = (text: string): readonly number[] => {
      const objective = parseObjective(text, 80);
      return [requestsForObjective(objective), requestsForInterval(objective)];
    };
    // The right numbers are those of FEWEST_REQUESTS: an interval with both ends.
    expect(needs("p50=1ms")[0]).toBe(2);
    expect(needs("p90=1ms")).toEqual([10, 36]);
    expect(needs("p95=1ms")).toEqual([20, 72]);
    expect(needs("p99=1ms")).toEqual([100, 368]);
    expect(needs("p99.9=1ms")).toEqual([1_000, 3_688]);
    expect(needs("goodput=99%")).toEqual([100, 368]);
    expect(needs("error-rate=1%")).toEqual([1, 1]);
    expect(needs("p99.99=1ms")).toEqual([4_000, 4_000]);
  });
});
