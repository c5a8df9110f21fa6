import { join } from "node:path";
import type { RecordedRun } from "./recorded-run.ts";
import { appendRequests } from "./requests-csv.ts";
import { appendTrace } from "./trace-file.ts";

/** The files that `--save-requests` adds to a results folder. */
export const REQUEST_FILES = { requests: "requests.csv.gz", trace: "trace.json" } as const;

/** Requests of each run that the trace shows: a viewer becomes slow with more than some hundred thousand slices. */
export const TRACED_REQUESTS = 500;

/** Writes requests run by run; both files are whole after each. */
export interface RequestsWriter {
  /** One call at a time. @throws what the file system throws. */
  write(run: RecordedRun): Promise<void>;
}

/** @param folder - of the results; exists. */
export function createRequestsWriter(folder: string): RequestsWriter {
  let runs = 0;
  return {
    async write(run) {
      const first = runs === 0;
      const index = runs;
      runs += 1;
      await appendRequests(join(folder, REQUEST_FILES.requests), run, first);
      await appendTrace(join(folder, REQUEST_FILES.trace), run, { index, first, requests: TRACED_REQUESTS });
    },
  };
}
