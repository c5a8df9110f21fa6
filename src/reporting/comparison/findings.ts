import { type CellRun, isSound, type SideRun } from "./side-runs.ts";

/**
 * What a cell's runs say beside their times. `changed-answer` is a regression; `missing`, `unsound` and `lost-requests` forbid OK;
 * a `note` is for the reader.
 */
export interface Finding {
  readonly kind: "changed-answer" | "missing" | "unsound" | "lost-requests" | "note";
  readonly cell: string;
  /** A sentence without the cell's name. */
  readonly text: string;
}

/** Answers that agree with the reference by so many percentage points less have changed: method's 99.9 %. */
const AGREEMENT_POINTS = 0.1;
/** The head may lose this share of its requests more than the base. */
const LOST_SHARE = 0.001;

/** Looks at one cell's runs on both sides. */
export function findingsOf(
  cell: string,
  base: readonly SideRun[],
  head: readonly SideRun[],
): readonly Finding[] {
  const sides = { base: runsOf(cell, base), head: runsOf(cell, head) };
  const missing = (["base", "head"] as const).filter((side) => sides[side].length === 0);
  if (missing.length > 0) {
    return missing.map((side) => ({ kind: "missing", cell, text: `The ${side} has no run of this cell.` }));
  }
  const changed = changedAnswer(sides.base, sides.head);
  return [
    ...(changed === undefined ? [] : [{ kind: "changed-answer" as const, cell, text: changed }]),
    ...(["base", "head"] as const).flatMap((side) => soundness(cell, side, sides[side])),
    ...lostRequests(cell, sides.base, sides.head),
  ];
}

function runsOf(cell: string, side: readonly SideRun[]): readonly CellRun[] {
  return side.flatMap((run) => run.cells[cell] ?? []);
}

function soundness(cell: string, side: "base" | "head", runs: readonly CellRun[]): readonly Finding[] {
  const found = (kind: Finding["kind"], text: string): Finding => ({ kind, cell, text });
  const failed = runs.filter(({ verdict }) => verdict === "FAILED");
  const invalid = runs.filter(({ verdict }) => verdict === "INVALID");
  const because = (some: readonly CellRun[]): string =>
    [...new Set(some.flatMap(({ reasons }) => reasons))].join(" ");
  const counted = (some: readonly CellRun[], word: string): string =>
    `${some.length} of ${runs.length} runs of the ${side} ${some.length === 1 ? "is" : "are"} ${word}: ${because(some)}`;
  const unstable = runs.filter(({ verdict }) => verdict === "UNSTABLE" || verdict === "OVERLOADED");
  return [
    ...(failed.length > 0 ? [found("unsound", counted(failed, "FAILED"))] : []),
    // A minority is left out: the instrument may be at fault once without the comparison being void.
    ...(invalid.length > 0
      ? [
          found(
            2 * invalid.length > runs.length ? "unsound" : "note",
            counted(invalid, "INVALID and left out"),
          ),
        ]
      : []),
    ...(unstable.length > 0
      ? [found("note", counted(unstable, [...new Set(unstable.map(({ verdict }) => verdict))].join(" or ")))]
      : []),
  ];
}

/** In words what changed in the answers; `undefined`: nothing that can be seen. */
function changedAnswer(base: readonly CellRun[], head: readonly CellRun[]): string | undefined {
  const differs = (runs: readonly CellRun[]): number =>
    runs.filter(({ answers }) => answers.check === "differs").length;
  if (differs(head) > 0 && differs(base) === 0) {
    return `The head's answers differ from the in-process reference in ${differs(head)} of ${head.length} runs, the base's in none.`;
  }
  // Only where bytes are reproducible at all: lossless, on the CPU, without batching.
  const exact = (runs: readonly CellRun[]): ReadonlySet<string> =>
    new Set(runs.flatMap(({ answers }) => (answers.check === "identical" ? (answers.digest ?? []) : [])));
  const before = exact(base);
  const after = exact(head);
  if (before.size === 1 && after.size > 0 && [...after].some((digest) => !before.has(digest))) {
    return "The head answers the same frames with other bytes than the base.";
  }
  const agreement = (runs: readonly CellRun[]): number | undefined => {
    const percents = runs.flatMap(({ answers }) => answers.agreementPercent ?? []);
    return percents.length > 0 ? Math.min(...percents) : undefined;
  };
  const was = agreement(base);
  const is = agreement(head);
  if (was !== undefined && is !== undefined && was - is > AGREEMENT_POINTS) {
    return `The head's answers agree with the reference by ${is.toFixed(2)} %, the base's by ${was.toFixed(2)} %.`;
  }
  return undefined;
}

/** Requests that are not answered make no percentile worse while they are few; the gate must see them all the same. */
function lostRequests(cell: string, base: readonly CellRun[], head: readonly CellRun[]): readonly Finding[] {
  const sum = (runs: readonly CellRun[], pick: (run: CellRun) => number): number =>
    runs.filter(isSound).reduce((total, run) => total + pick(run), 0);
  const [lostBefore, sentBefore] = [sum(base, ({ lost }) => lost), sum(base, ({ requests }) => requests)];
  const [lostNow, sentNow] = [sum(head, ({ lost }) => lost), sum(head, ({ requests }) => requests)];
  if (sentBefore === 0 || sentNow === 0 || lostNow / sentNow <= lostBefore / sentBefore + LOST_SHARE)
    return [];
  const text = `The head lost ${lostNow} of ${sentNow} requests, the base ${lostBefore} of ${sentBefore}.`;
  return [{ kind: "lost-requests", cell, text }];
}
