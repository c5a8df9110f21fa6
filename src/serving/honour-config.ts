import { ServingError } from "../core/errors.ts";
import type { ModelConfig } from "./model-config.ts";

/** What the project does with a field of a configuration that is there. */
const READ: ReadonlySet<string> = new Set([
  "name",
  "platform",
  "backend",
  "max_batch_size",
  "input",
  "output",
  "instance_group",
  "version_policy",
  "default_model_filename",
  "dynamic_batching",
  "model_transaction_policy",
  "wirebench",
]);

/** Fields that change the answers or the protocol: a model that needs them cannot be served without. */
const REFUSED: ReadonlySet<string> = new Set([
  "ensemble_scheduling",
  "sequence_batching",
  "batch_input",
  "batch_output",
  "model_repository_agents",
]);

/** Members of a tensor with the same effect. */
const REFUSED_OF_TENSOR = ["is_shape_tensor", "allow_ragged_batch"];

/** What an instance group may say without a note; the device is the server's option. */
const OWN_GROUP = new Set(["name", "count"]);
const OWN_BATCHING = new Set(["preferred_batch_size", "max_queue_delay_microseconds"]);

/** Whether a field says anything: protobuf's JSON may write what is not set. */
function isSet(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === "" || value === 0) return false;
  return typeof value !== "object" || Object.keys(value).length > 0;
}

/** Whether a message is there: an empty one asks for its defaults. */
function isThere(value: unknown): boolean {
  return isSet(value) || (typeof value === "object" && value !== null && !Array.isArray(value));
}

/**
 * Finds what a model's configuration asks for and does not get.
 *
 * @returns a note for each field that is passed over, one line each.
 * @throws {ServingError} ERR_MODEL, one line, for a field that cannot be passed over: another backend, an ensemble, sequences.
 */
export function honourConfig(config: ModelConfig, where: string): readonly string[] {
  const refuse = (what: string): ServingError => new ServingError("ERR_MODEL", `${where}: ${what}`);
  const { platform = "", backend = "" } = config;
  if (platform !== "" && platform !== "onnxruntime_onnx") {
    throw refuse(`platform '${platform}' cannot be served; expected onnxruntime_onnx`);
  }
  if (backend !== "" && backend !== "onnxruntime") {
    throw refuse(`backend '${backend}' cannot be served; expected onnxruntime`);
  }
  const set = Object.entries(config).filter(([, value]) => isSet(value));
  const refused = Object.keys(config).filter((name) => REFUSED.has(name) && isThere(config[name]));
  if (refused.length > 0) throw refuse(`${refused.join(", ")} cannot be honoured`);
  const transactions = config["model_transaction_policy"];
  if (typeof transactions === "object" && transactions !== null && "decoupled" in transactions) {
    if (transactions.decoupled === true) throw refuse("decoupled answers cannot be honoured");
  }
  for (const [role, tensors = []] of [
    ["input", config.input],
    ["output", config.output],
  ] as const) {
    for (const tensor of tensors) {
      const asked = REFUSED_OF_TENSOR.filter((name) => isThere((tensor as Record<string, unknown>)[name]));
      if (asked.length > 0) throw refuse(`${role} '${tensor.name}': ${asked.join(", ")} cannot be honoured`);
    }
  }
  const ignored = set.filter(([name]) => !READ.has(name)).map(([name]) => name);
  const partly = (name: string, value: object, own: ReadonlySet<string>): readonly string[] =>
    Object.entries(value)
      .filter(([member, content]) => !own.has(member) && isSet(content))
      .map(([member]) => `${name}.${member}`);
  ignored.push(
    ...(config.instance_group ?? []).flatMap((group) => partly("instance_group", group, OWN_GROUP)),
    ...partly("dynamic_batching", config.dynamic_batching ?? {}, OWN_BATCHING),
  );
  return ignored.length === 0 ? [] : [`${where}: passed over: ${[...new Set(ignored)].join(", ")}`];
}
