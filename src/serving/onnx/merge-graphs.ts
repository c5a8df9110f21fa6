import type { OnnxModel } from "./model-file.ts";
import { type GraphProto, type NodeProto, toNumber } from "./schema.ts";

/** Gives values of a graph other names, in subgraphs (If, Loop, Scan) too. Returns a new graph; weights are shared. */
export function renameValues(graph: GraphProto, names: ReadonlyMap<string, string>): GraphProto {
  if (names.size === 0) return graph;
  const renamed = (name: string): string => names.get(name) ?? name;
  const named = <T extends { name?: string }>(items: T[] | undefined): T[] =>
    (items ?? []).map((item) => ({ ...item, name: renamed(item.name ?? "") }));
  const node = (graph.node ?? []).map(
    (old): NodeProto => ({
      ...old,
      input: (old.input ?? []).map(renamed),
      output: (old.output ?? []).map(renamed),
      attribute: (old.attribute ?? []).map((attribute) => ({
        ...attribute,
        ...(attribute.g ? { g: renameValues(attribute.g, names) } : {}),
        ...(attribute.graphs && attribute.graphs.length > 0
          ? { graphs: attribute.graphs.map((inner) => renameValues(inner, names)) }
          : {}),
      })),
    }),
  );
  return {
    ...graph,
    node,
    initializer: named(graph.initializer),
    input: named(graph.input),
    output: named(graph.output),
    valueInfo: named(graph.valueInfo),
  };
}

/**
 * Chains graphs into one: equal names are the same value, so each graph must use the names that the one before it
 * made, and no name may be made twice. Inputs are those of the first graph, outputs those of the last. Weights are shared.
 *
 * @param model - the model whose operator sets, IR version and functions the answer takes over.
 */
export function chainGraphs(model: OnnxModel, parts: readonly GraphProto[]): OnnxModel {
  const all = <K extends "node" | "initializer" | "sparseInitializer" | "valueInfo">(key: K): GraphProto[K] =>
    parts.flatMap((part) => (part[key] ?? []) as never[]) as GraphProto[K];
  const first = parts[0]!;
  const last = parts.at(-1)!;
  const graph: GraphProto = {
    ...model.graph,
    node: all("node") ?? [],
    initializer: all("initializer") ?? [],
    sparseInitializer: all("sparseInitializer") ?? [],
    // What a part declares of its inputs and outputs stays known: a net that is told its sizes is optimised like one alone.
    valueInfo: [
      ...(all("valueInfo") ?? []),
      ...parts.slice(1).flatMap(({ input }) => input ?? []),
      ...parts.slice(0, -1).flatMap(({ output }) => output ?? []),
    ],
    input: first.input ?? [],
    output: last.output ?? [],
  };
  // From IR 4 on an initializer need not be listed among the inputs, which ours are not.
  return { ...model, irVersion: Math.max(4, toNumber(model.irVersion)), graph };
}

/** A graph's names of everything: inputs, weights, what its nodes make. */
export function valueNames(graph: GraphProto): Set<string> {
  const names = new Set<string>();
  for (const { name } of [...(graph.input ?? []), ...(graph.initializer ?? [])]) names.add(name ?? "");
  for (const { output } of graph.node ?? []) for (const name of output ?? []) names.add(name);
  return names;
}
