import { withoutCredentials } from "../core/without-credentials.ts";
import { REHEARSAL, rehearses } from "../load/rehearse.ts";
import type { JsonValue } from "../reporting/report.ts";
import type { BenchSpec } from "../scenarios/bench-spec.ts";

/**
 * The effective configuration for a report: everything but the passwords of its URLs. What is rehearsed is part of it, since numbers
 * with and without are not alike.
 */
export function reportedConfiguration(spec: BenchSpec): Readonly<Record<string, JsonValue>> {
  const { url, broker, warmup } = spec;
  return {
    ...(spec as unknown as Record<string, JsonValue>),
    ...(url === undefined ? {} : { url: withoutCredentials(url) }),
    ...(broker === undefined ? {} : { broker: withoutCredentials(broker) }),
    ...(rehearses(warmup) ? { rehearsal: REHEARSAL } : {}),
  };
}
