/** One node of a graph as it really ran. */
export interface RanNode {
  /** Unique in its graph. */
  readonly name: string;
  /** ONNX Runtime's operator after its optimisations, e.g. `Conv`, `FusedConv`, `MemcpyToHost`. */
  readonly operator: string;
  /** e.g. `CUDAExecutionProvider`. */
  readonly provider: string;
}

/** How many nodes ran where. Copies between host and device are not counted as nodes of the net. */
export interface NodePlacement {
  readonly nodes: number;
  /** Convolutions, matrix products and recurrent cells; all nodes where a net has none of these. */
  readonly mainNodes: number;
  /** Between host and device, within one run. */
  readonly copies: number;
  /** Most nodes first. */
  readonly providers: readonly ProviderShare[];
}

/** What one execution provider ran. */
export interface ProviderShare {
  readonly provider: string;
  readonly nodes: number;
  readonly mainNodes: number;
  /** How often each operator ran there, most often first. */
  readonly operators: readonly (readonly [operator: string, count: number])[];
}

const MAIN = /Conv|MatMul|Gemm|Attention|Einsum|LSTM|GRU|RNN/;
const COPY = /^Memcpy(To|From)Host$/;

/**
 * The nodes in a profile that ONNX Runtime wrote (`enableProfiling`), each once however often it ran.
 *
 * @param text - the JSON file, Chrome's trace format: an event `…_kernel_time` of category `Node` for each run of a node.
 * @throws {SyntaxError} when it is no JSON array.
 */
export function readProfile(text: string): readonly RanNode[] {
  const events: unknown = JSON.parse(text);
  if (!Array.isArray(events)) throw new SyntaxError("a profile is an array of events");
  const nodes = new Map<string, RanNode>();
  for (const event of events) {
    const node = ranNode(event);
    if (node !== undefined) nodes.set(`${node.name}\0${node.provider}`, node);
  }
  return [...nodes.values()];
}

function ranNode(event: unknown): RanNode | undefined {
  const { cat, name, args } = fieldsOf(event);
  if (cat !== "Node" || typeof name !== "string" || !name.endsWith("_kernel_time")) return undefined;
  const { op_name: operator, provider, node_index: index } = fieldsOf(args);
  if (typeof operator !== "string" || typeof provider !== "string") return undefined;
  // Nodes that the optimiser adds may share a name; their indexes differ.
  return { name: `${name.slice(0, -"_kernel_time".length)}#${String(index)}`, operator, provider };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

/** Counts nodes by provider. */
export function placementOf(ran: readonly RanNode[]): NodePlacement {
  const nodes = ran.filter(({ operator }) => !COPY.test(operator));
  const heavy = nodes.filter(({ operator }) => MAIN.test(operator));
  const main = heavy.length > 0 ? heavy : nodes;
  const providers = [...new Set(nodes.map(({ provider }) => provider))].map((provider): ProviderShare => {
    const own = nodes.filter((node) => node.provider === provider);
    const operators = new Map<string, number>();
    for (const { operator } of own) operators.set(operator, (operators.get(operator) ?? 0) + 1);
    return {
      provider,
      nodes: own.length,
      mainNodes: main.filter((node) => node.provider === provider).length,
      operators: [...operators].sort(([, a], [, b]) => b - a),
    };
  });
  return {
    nodes: nodes.length,
    mainNodes: main.length,
    copies: ran.length - nodes.length,
    providers: providers.sort((a, b) => b.nodes - a.nodes),
  };
}

/**
 * Why a net cannot be said to run on a provider: half or more of its main nodes ran elsewhere.
 * @returns one line; undefined when it did run there, or when nothing was left to run.
 */
export function fallback(placement: NodePlacement, provider: string): string | undefined {
  const own = placement.providers.find((share) => share.provider === provider)?.mainNodes ?? 0;
  const elsewhere = placement.mainNodes - own;
  if (placement.mainNodes === 0 || elsewhere * 2 < placement.mainNodes) return undefined;
  return `only ${own} of its ${placement.mainNodes} main nodes run on ${provider} (${others(placement, provider)})`;
}

/** One line for the report: how many nodes of how many ran on the provider, and what ran elsewhere. */
export function placementLine(placement: NodePlacement, provider: string): string {
  const own = placement.providers.find((share) => share.provider === provider)?.nodes ?? 0;
  const rest = own === placement.nodes ? "" : `; ${others(placement, provider)}`;
  const copies = placement.copies === 0 ? "" : `; copies between host and device: ${placement.copies}`;
  return `${own} of ${placement.nodes} nodes ran on ${provider}${rest}${copies}`;
}

const MOST_OPERATORS = 6;

function others({ providers }: NodePlacement, provider: string): string {
  return providers
    .filter((share) => share.provider !== provider)
    .map((share) => {
      const named = share.operators.slice(0, MOST_OPERATORS).map(([name, count]) => `${name} ${count}`);
      const more = share.operators.length > MOST_OPERATORS ? ", …" : "";
      return `on ${share.provider}: ${named.join(", ")}${more}`;
    })
    .join("; ");
}
