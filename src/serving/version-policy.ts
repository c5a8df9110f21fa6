import { z } from "zod";

/** protobuf's JSON writes 64-bit numbers as texts. */
const VERSION = z.union([z.int().min(1), z.string().regex(/^[1-9]\d*$/, "expected a version number")]);

/** Triton's `version_policy`: at most one of its members. */
export const VERSION_POLICY_SCHEMA = z
  .object({
    latest: z.object({ num_versions: z.int().min(0).default(1) }).optional(),
    all: z.looseObject({}).optional(),
    specific: z.object({ versions: z.array(VERSION).default([]) }).optional(),
  })
  .refine((policy) => Object.values(policy).filter((choice) => choice !== undefined).length <= 1, {
    error: "expected one of latest, all, specific",
  });

/** Which of a model's version folders are served. */
export type VersionPolicy = z.infer<typeof VERSION_POLICY_SCHEMA>;

/** Triton's: the highest version alone. */
const DEFAULT_POLICY: VersionPolicy = { latest: { num_versions: 1 } };

/** What a policy is where the configuration says none, or says it without a number. */
export function completePolicy(policy: VersionPolicy | undefined): VersionPolicy {
  if (policy?.all !== undefined || policy?.specific !== undefined) return policy;
  const count = policy?.latest?.num_versions ?? 0;
  return count > 0 ? { latest: { num_versions: count } } : DEFAULT_POLICY;
}

/** The name of a version folder; Triton passes over names that begin with a zero. */
export function isVersionName(name: string): boolean {
  return /^[1-9]\d{0,18}$/.test(name);
}

/** Ascending order of version names. */
export function compareVersions(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

/** The version that a text of a request means: a number without leading zeros, any other text as it is. */
export function normaliseVersion(version: string): string {
  return /^\d+$/.test(version) ? version.replace(/^0+(?=\d)/, "") : version;
}

/**
 * The versions of a folder that a policy chooses, in the folder's order.
 *
 * @param held - ascending.
 * @param policy - absent: the highest alone. Of `specific`, those that the folder does not hold are left out, as by Triton.
 */
export function chooseVersions(held: readonly string[], policy?: VersionPolicy): readonly string[] {
  const { all, specific, latest } = completePolicy(policy);
  if (all !== undefined) return held;
  if (specific !== undefined) {
    const wanted = new Set(specific.versions.map(String));
    return held.filter((version) => wanted.has(version));
  }
  return held.slice(-(latest?.num_versions ?? 1));
}
