import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { messageOf, ServingError } from "../core/errors.ts";
import { readConfigText } from "./config-text.ts";
import { honourConfig } from "./honour-config.ts";
import { type ModelConfig, parseModelConfig } from "./model-config.ts";
import { chooseVersions, compareVersions, isVersionName } from "./version-policy.ts";

/** A model's folder, its configuration read; its versions are not opened yet. */
export interface ModelFolder {
  readonly path: string;
  readonly config: ModelConfig;
  /** The file that the configuration is from, or would be. */
  readonly configFile: string;
  /** Every version that holds the model's file, ascending. */
  readonly held: readonly string[];
  /** Those to serve, ascending; at least one. */
  readonly versions: readonly string[];
  /** What the configuration asks for and does not get, one line each. */
  readonly notes: readonly string[];
}

/** The model's file in each version's folder. */
export const MODEL_FILE = "model.onnx";

/** The version folders that hold a model's file, ascending. */
export async function heldVersions(folder: string, file: string = MODEL_FILE): Promise<readonly string[]> {
  const numbers = (await readdir(folder).catch(() => [])).filter(isVersionName);
  return numbers.filter((version) => existsSync(path.join(folder, version, file))).sort(compareVersions);
}

/** The name of the file that holds the model in each version's folder. */
export function modelFileName({ default_model_filename: own }: ModelConfig): string {
  return own === undefined || own === "" ? MODEL_FILE : own;
}

/**
 * Reads a model's folder of Triton's layout. `config.json` wins over `config.pbtxt`; without either, inputs and outputs are the
 * model's own and its first dimension is no batch (Triton makes a batch of a first dimension that is free everywhere).
 *
 * @returns undefined when the folder holds no model.
 * @throws {ServingError} ERR_MODEL, one line, for a configuration that is broken, asks for what cannot be honoured, or chooses
 * no version.
 */
export async function readModelFolder(folder: string): Promise<ModelFolder | undefined> {
  const { config, configFile } = await readConfig(folder);
  const held = await heldVersions(folder, modelFileName(config));
  const notes = honourConfig(config, configFile);
  if (held.length === 0) return undefined;
  const versions = chooseVersions(held, config.version_policy);
  if (versions.length === 0) {
    throw new ServingError(
      "ERR_MODEL",
      `${configFile}: version_policy chooses none of the versions that there are: ${held.join(", ")}`,
    );
  }
  return { path: folder, config, configFile, held, versions, notes };
}

async function readConfig(
  folder: string,
): Promise<{ readonly config: ModelConfig; readonly configFile: string }> {
  const json = path.join(folder, "config.json");
  const asJson = await textOf(json);
  if (asJson !== undefined)
    return { config: parseModelConfig(parseJson(asJson, json), json), configFile: json };
  const pbtxt = path.join(folder, "config.pbtxt");
  const asText = await textOf(pbtxt);
  if (asText === undefined) return { config: parseModelConfig({}, json), configFile: json };
  return { config: parseModelConfig(readConfigText(asText, pbtxt), pbtxt), configFile: pbtxt };
}

/** Undefined where there is no such file. */
async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new ServingError("ERR_MODEL", `${file}: ${messageOf(cause)}`, { cause });
  }
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ServingError("ERR_MODEL", `${file}: no JSON: ${messageOf(cause)}`, { cause });
  }
}
