import { open, writeFile } from "node:fs/promises";
import type { RecordedRun } from "./recorded-run.ts";
import { type TraceOptions, traceEvents } from "./trace-events.ts";

const HEAD = '{"displayTimeUnit":"ns","traceEvents":[\n';
const TAIL = "\n]}\n";
const BATCH_EVENTS = 1024;

/**
 * Appends a run's events to a `trace.json`, which is whole JSON after every run.
 *
 * @param first - whether it is the file's first run.
 * @throws what the file system throws.
 */
export async function appendTrace(
  path: string,
  run: RecordedRun,
  options: TraceOptions & { readonly first: boolean },
): Promise<void> {
  if (options.first) await writeFile(path, HEAD + TAIL);
  const file = await open(path, "r+");
  try {
    let position = (await file.stat()).size - TAIL.length;
    let separator = position === HEAD.length ? "" : ",\n";
    const write = async (lines: readonly string[]): Promise<void> => {
      if (lines.length === 0) return;
      // The tail goes with every batch: a bench that is killed meanwhile leaves whole JSON, too.
      const text = Buffer.from(separator + lines.join(",\n") + TAIL);
      await file.write(text, 0, text.length, position);
      position += text.length - TAIL.length;
      separator = ",\n";
    };
    let lines: string[] = [];
    for (const event of traceEvents(run, options)) {
      lines.push(JSON.stringify(event));
      if (lines.length < BATCH_EVENTS) continue;
      await write(lines);
      lines = [];
    }
    await write(lines);
  } finally {
    await file.close();
  }
}
