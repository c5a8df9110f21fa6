import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ModelStatistics } from "../../../src/core/metadata.ts";
import { ENCODE_NS, IN_NS, INFER_NS, OUT_NS, QUEUE_NS } from "../../../src/core/parameters.ts";
import type { ServedRequest } from "../../../src/core/served-request.ts";
import { createDurationHistogram } from "../../../src/serving/duration-histogram.ts";
import { createMetrics, mergedPage } from "../../../src/serving/metrics.ts";

const COMPUTE = {
  computeInput: { count: 4, ns: 40_499 },
  computeInfer: { count: 4, ns: 4_000_000 },
  computeOutput: { count: 4, ns: 44_501 },
};

function statisticsOf(name: string, over: Partial<ModelStatistics> = {}): ModelStatistics {
  return {
    name,
    version: "1",
    lastInferenceMs: 1,
    inferenceCount: 8,
    executionCount: 3,
    success: { count: 4, ns: 5_000_000 },
    fail: { count: 2, ns: 17 },
    queue: { count: 4, ns: 600_000 },
    ...COMPUTE,
    batches: [],
    ...over,
  };
}

const REQUEST: ServedRequest = {
  transport: "http",
  modelName: "net",
  modelVersion: "1",
  id: "",
  status: "OK",
  requestBytes: 1,
  responseBytes: 1,
  parameters: {
    [QUEUE_NS]: 20_000,
    [INFER_NS]: 3_000_000,
    [ENCODE_NS]: 0,
    [IN_NS]: 1000,
    [OUT_NS]: 4_001_000,
  },
  client: "",
};

/** The value of a line; `undefined` where there is none. */
function sampleOf(text: string, series: string): number | undefined {
  const line = text.split("\n").find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

describe("a server's metrics", () => {
  it("are Triton's by its names, in its units", async () => {
    const { page } = createMetrics({ statistics: () => [statisticsOf("net", { pendingCount: 5 })] });
    const { contentType, text } = await page();
    expect(contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
    const of = (name: string) => sampleOf(text, `nv_inference_${name}{model="net",version="1"}`);
    expect({
      success: of("request_success"),
      count: of("count"),
      executions: of("exec_count"),
      request: of("request_duration_us"),
      queue: of("queue_duration_us"),
      input: of("compute_input_duration_us"),
      infer: of("compute_infer_duration_us"),
      output: of("compute_output_duration_us"),
      pending: of("pending_request_count"),
    }).toEqual({
      success: 4,
      count: 8,
      executions: 3,
      request: 5_000,
      queue: 600,
      input: 40,
      infer: 4_000,
      output: 45,
      pending: 5,
    });
    const failed = (reason: string) =>
      sampleOf(text, `nv_inference_request_failure{model="net",version="1",reason="${reason}"}`);
    // A core that does not keep them apart.
    expect(["REJECTED", "CANCELED", "BACKEND", "OTHER"].map(failed)).toEqual([0, 0, 0, 2]);
    expect(text).toContain("# TYPE nv_inference_request_success counter\n");
    expect(text).toContain("# TYPE nv_inference_pending_request_count gauge\n");
    const usedBytes = sampleOf(text, "nv_cpu_memory_used_bytes");
    expect(usedBytes).toBeGreaterThan(0);
    expect(usedBytes).toBeLessThan(sampleOf(text, "nv_cpu_memory_total_bytes") ?? 0);
  });

  it("are taken anew each time, and forget a model that has gone", async () => {
    let models = [statisticsOf("a"), statisticsOf('b"\\')];
    const { page } = createMetrics({ statistics: () => models });
    const first = await page();
    expect(sampleOf(first.text, 'nv_inference_count{model="b\\"\\\\",version="1"}')).toBe(8);
    const failures = { REJECTED: 1, CANCELED: 0, BACKEND: 7, OTHER: 0 };
    models = [statisticsOf("a", { inferenceCount: 9, failures })];
    const { text } = await page();
    expect(sampleOf(text, 'nv_inference_count{model="a",version="1"}')).toBe(9);
    expect(sampleOf(text, 'nv_inference_request_failure{model="a",version="1",reason="BACKEND"}')).toBe(7);
    expect(sampleOf(text, 'nv_inference_request_failure{model="a",version="1",reason="OTHER"}')).toBe(0);
    expect(text).not.toContain('model="b');
    expect(text).not.toContain("pending_request_count{");
  });

  it("count each request by its outcome and, where it was answered, its stages", async () => {
    const { observe, page } = createMetrics({ statistics: () => [] });
    observe(REQUEST);
    observe({ ...REQUEST, parameters: { ...REQUEST.parameters, [INFER_NS]: 5_000_000 } });
    observe({ ...REQUEST, status: "NOT_FOUND", modelName: "invented", parameters: undefined });
    const { text } = await page();
    expect(sampleOf(text, 'wirebench_requests_total{transport="http",status="OK"}')).toBe(2);
    expect(sampleOf(text, 'wirebench_requests_total{transport="http",status="NOT_FOUND"}')).toBe(1);
    expect(text).not.toContain("invented");
    const infer = 'stage="infer",transport="http",model="net"}';
    expect(sampleOf(text, `wirebench_stage_seconds_bucket{le="0.0025",${infer}`)).toBe(0);
    // The end of a bucket belongs to it.
    expect(sampleOf(text, `wirebench_stage_seconds_bucket{le="0.005",${infer}`)).toBe(2);
    expect(sampleOf(text, `wirebench_stage_seconds_bucket{le="+Inf",${infer}`)).toBe(2);
    expect(sampleOf(text, `wirebench_stage_seconds_count{${infer}`)).toBe(2);
    expect(sampleOf(text, `wirebench_stage_seconds_sum{${infer}`)).toBeCloseTo(0.008, 12);
    expect(sampleOf(text, 'wirebench_request_seconds_sum{transport="http",model="net"}')).toBeCloseTo(
      0.008,
      12,
    );
    // A stage that was none of its own has no series.
    expect(text).not.toContain("server_preprocess");
    expect(text).toContain('stage="server_encode"');
  });

  it("of several processes add up, those of the machine do not", async () => {
    const metrics = [1, 2, 3].map((count) => {
      const one = createMetrics({
        statistics: () => [statisticsOf("net", { inferenceCount: count, pendingCount: count })],
      });
      for (let i = 0; i < count; i++) one.observe(REQUEST);
      return one;
    });
    const snapshots = await Promise.all(metrics.map((each) => each.snapshot()));
    // As they come over IPC.
    const { text, contentType } = await mergedPage(structuredClone(snapshots));
    const { text: single, contentType: type } = await metrics[0]!.page();
    expect(contentType).toBe(type);
    expect(sampleOf(text, 'nv_inference_count{model="net",version="1"}')).toBe(6);
    expect(sampleOf(text, 'nv_inference_pending_request_count{model="net",version="1"}')).toBe(6);
    expect(sampleOf(text, 'wirebench_requests_total{transport="http",status="OK"}')).toBe(6);
    expect(sampleOf(text, 'wirebench_request_seconds_count{transport="http",model="net"}')).toBe(6);
    expect(sampleOf(text, "nv_cpu_memory_total_bytes")).toBe(sampleOf(single, "nv_cpu_memory_total_bytes"));
    const names = (page: string) =>
      page
        .split("\n")
        .filter((line) => line.startsWith("# TYPE"))
        .sort();
    expect(names(text)).toEqual(names(single));
  });
});

describe("a histogram of durations", () => {
  it("counts in each bucket what is not longer than its end", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20_000_000_000 })), (durations) => {
        const histogram = createDurationHistogram("x", "help");
        const series = histogram.series({ model: "m" });
        for (const ns of durations) series.observe(ns);
        for (const { metricName, labels, value } of histogram.get().values) {
          if (metricName === "x_bucket") {
            const le = labels["le"] === "+Inf" ? Number.POSITIVE_INFINITY : Number(labels["le"]) * 1e9;
            expect(value).toBe(durations.filter((ns) => ns <= le).length);
          } else if (metricName === "x_count") expect(value).toBe(durations.length);
          else expect(value).toBeCloseTo(durations.reduce((sum, ns) => sum + ns, 0) / 1e9, 6);
        }
      }),
    );
  });
});
