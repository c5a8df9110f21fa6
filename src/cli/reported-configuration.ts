import { withoutCredentials } from "../core/without-credentials.ts";
import type { JsonValue } from "../reporting/report.ts";
import type { BenchSpec } from "../scenarios/bench-spec.ts";

/** The effective configuration for a report: everything but the passwords of its URLs. */
export function reportedConfiguration(spec: BenchSpec): Readonly<Record<string, JsonValue>> {
  const { url, broker } = spec;
  return {
    ...(spec as unknown as Record<string, JsonValue>),
    ...(url === undefined ? {} : { url: withoutCredentials(url) }),
    ...(broker === undefined ? {} : { broker: withoutCredentials(broker) }),
  };
}
