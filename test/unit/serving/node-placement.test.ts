import { describe, expect, it } from "vitest";
import {
  fallback,
  placementLine,
  placementOf,
  type RanNode,
  readProfile,
} from "../../../src/serving/node-placement.ts";

const CUDA = "CUDAExecutionProvider";
const CPU = "CPUExecutionProvider";
const node = (operator: string, provider: string, at = 0): RanNode => ({
  name: `${operator}${at}`,
  operator,
  provider,
});
const nodes = (count: number, operator: string, provider: string): readonly RanNode[] =>
  Array.from({ length: count }, (_, at) => node(operator, provider, at));

/** As ONNX Runtime 1.30 writes them, shortened. */
const event = (name: string, operator: string, provider: string, index: number): object => ({
  cat: "Node",
  pid: 1,
  tid: 1,
  dur: 80,
  ts: 14_033,
  ph: "X",
  name: `${name}_kernel_time`,
  args: { op_name: operator, node_index: String(index), provider, thread_scheduling_stats: "" },
});

describe("readProfile", () => {
  it("takes each node once, however often it ran, and nothing else", () => {
    const text = JSON.stringify([
      { cat: "Session", name: "model_loading_array", args: {} },
      event("c/conv_004", "Conv", CUDA, 9),
      event("c/conv_004", "Conv", CUDA, 9),
      event("Memcpy", "MemcpyToHost", CUDA, 12),
      event("Memcpy", "MemcpyFromHost", CUDA, 13),
      { cat: "Node", name: "c/conv_004_fence_before", args: { op_name: "Conv" } },
      { cat: "Api", name: "c/cast_001&Cast&Cast", args: { shapes: "inputs[0] = {48}" } },
      { cat: "Kernel", name: "ampere_sgemm", args: { op_name: "Conv", provider: CUDA } },
    ]);
    expect(readProfile(text)).toEqual([
      { name: "c/conv_004#9", operator: "Conv", provider: CUDA },
      { name: "Memcpy#12", operator: "MemcpyToHost", provider: CUDA },
      { name: "Memcpy#13", operator: "MemcpyFromHost", provider: CUDA },
    ]);
  });

  it.each(["{}", "[", ""])("refuses %j", (text) => {
    expect(() => readProfile(text)).toThrow(SyntaxError);
  });
});

describe("placement", () => {
  it("counts nodes by provider, copies apart", () => {
    const placement = placementOf([
      ...nodes(3, "Conv", CUDA),
      node("Relu", CUDA),
      node("Shape", CPU),
      node("MemcpyToHost", CUDA),
    ]);
    expect(placement).toMatchObject({ nodes: 5, mainNodes: 3, copies: 1 });
    expect(placementLine(placement, CUDA)).toBe(
      `4 of 5 nodes ran on ${CUDA}; on ${CPU}: Shape 1; copies between host and device: 1`,
    );
    expect(fallback(placement, CUDA)).toBeUndefined();
  });

  it("says only how many where everything ran there", () => {
    expect(placementLine(placementOf(nodes(2, "Conv", CUDA)), CUDA)).toBe(`2 of 2 nodes ran on ${CUDA}`);
  });

  it.each<[string, readonly RanNode[], boolean]>([
    ["nothing to run", [], false],
    ["all main nodes there, most others not", [node("Conv", CUDA), ...nodes(9, "Gather", CPU)], false],
    ["one main node of three elsewhere", [...nodes(2, "FusedConv", CUDA), node("Gemm", CPU)], false],
    ["half of the main nodes elsewhere", [node("MatMul", CUDA), node("ConvInteger", CPU)], true],
    ["all main nodes elsewhere, most others there", [node("MatMul", CPU), ...nodes(9, "Relu", CUDA)], true],
    ["no main nodes, most nodes there", [...nodes(2, "Cast", CUDA), node("ArgMax", CPU)], false],
    ["no main nodes, most nodes elsewhere", [...nodes(2, "Cast", CPU), node("ArgMax", CUDA)], true],
  ])("%s: a fallback is %s", (_what, ran, expected) => {
    expect(fallback(placementOf(ran), CUDA) !== undefined).toBe(expected);
  });

  it("names what fell back", () => {
    const ran = [...nodes(2, "MatMul", CPU), ...nodes(7, "Cast", CPU), node("Relu", CUDA)];
    expect(fallback(placementOf(ran), CUDA)).toBe(
      `only 0 of its 2 main nodes run on ${CUDA} (on ${CPU}: Cast 7, MatMul 2)`,
    );
  });
});
