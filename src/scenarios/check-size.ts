import { ConfigError } from "../core/errors.ts";
import type { BenchSpec } from "./bench-spec.ts";
import type { Cell } from "./cell.ts";

/**
 * @param takesImages - of a model that is not on a foreign server.
 * @throws {ConfigError} when `--size` is a number of bytes and a cell has no use for it: what it is sent are
 *   pictures, or tensors with shapes of their own.
 */
export function checkSize(
  { size }: Pick<BenchSpec, "size">,
  cells: readonly Cell[],
  takesImages: (model: string) => boolean,
): void {
  if (size?.kind !== "bytes") return;
  const problems = cells.flatMap(({ key: { model, input }, inputPath, foreign, source }) => {
    if (inputPath !== "synthetic") return `the frames of ${input} are resized with WIDTHxHEIGHT`;
    if (foreign?.kind === "seeded") return `the tensors of model '${model}' have shapes (--shape)`;
    const takesBytes = foreign === undefined ? !takesImages(model) : source.synthetic.kind === "bytes";
    return takesBytes ? [] : `model '${model}' takes pictures, WIDTHxHEIGHT`;
  });
  if (problems.length === 0) return;
  const message = `${size.bytes} bytes are for models that take bytes from --input synthetic: ${[...new Set(problems)].join("; ")}`;
  throw new ConfigError([{ path: "--size", message }]);
}
