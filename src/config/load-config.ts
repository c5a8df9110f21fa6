import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { createJiti } from "jiti";
import { BenchError, messageOf } from "../core/errors.ts";

/** The configuration that comes with the package. */
const OWN_CONFIG = fileURLToPath(new URL("../../bench.config.ts", import.meta.url));

/** A configuration as it stands in its file, not validated; relative paths in it start from `folder`. */
export interface LoadedConfig {
  readonly path: string;
  readonly folder: string;
  readonly value: unknown;
}

/**
 * Loads a configuration file (TypeScript, JavaScript or JSON), in the conductor only. Without a path:
 * `bench.config.ts` of the working folder, else the one that comes with the package.
 * @throws {BenchError} ERR_CONFIG when it is missing, does not compile or has no default export.
 */
export async function loadConfig(path?: string): Promise<LoadedConfig> {
  const local = resolve("bench.config.ts");
  const file = path === undefined ? (existsSync(local) ? local : OWN_CONFIG) : resolve(path);
  if (!existsSync(file)) throw new BenchError("ERR_CONFIG", `no configuration file at ${path ?? file}`);
  try {
    const loaded = await createJiti(import.meta.url, { fsCache: false }).import<{ default?: unknown }>(file);
    const value = loaded.default ?? loaded;
    return { path: file, folder: dirname(file), value };
  } catch (error) {
    throw new BenchError("ERR_CONFIG", `cannot load ${path ?? file}: ${messageOf(error)}`, { cause: error });
  }
}
