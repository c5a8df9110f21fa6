/** `ok`: nothing to do; `note`: something is limited or absent; `problem`: the default bench cannot run like this. */
export type FindingState = "ok" | "note" | "problem";

/** One thing that was looked at on this machine. */
export interface Finding {
  /** Stable, for programs: `node`, `port-8000`, `provider-cuda`. */
  readonly id: string;
  /** For people, a few words. */
  readonly name: string;
  readonly state: FindingState;
  /** What was found, on one line. */
  readonly found: string;
  /** What to do about it, on one line; absent when there is nothing to do. */
  readonly advice?: string | undefined;
}

/** A finding that is `ok`, or what else it is together with what to do. */
export function finding(
  id: string,
  name: string,
  found: string,
  otherwise?: { readonly state: "note" | "problem"; readonly advice: string } | undefined,
): Finding {
  return { id, name, found, state: otherwise?.state ?? "ok", advice: otherwise?.advice };
}
