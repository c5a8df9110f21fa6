import { ConfigError, type ConfigProblem } from "../../core/errors.ts";
import type { ModelMetadata, TensorMetadata } from "../../core/metadata.ts";
import type { Datatype } from "../../core/tensor.ts";

/** The shape that `--shape` gives an input: `input:1,3,224,224`, or `input:FP32:1,3,224,224` where the server tells no datatype. */
export interface TensorShape {
  readonly name: string;
  readonly datatype?: Datatype | undefined;
  readonly dims: readonly number[];
}

/** `input` UINT8 [1, -1, -1, 3], for messages. */
export function describeTensor({ name, datatype, shape, unknownRank = false }: TensorMetadata): string {
  return `'${name}' ${datatype} ${unknownRank ? "of any shape" : `[${shape.join(", ")}]`}`;
}

/**
 * The inputs of a model with every dimension a number: what `--shape` says, a free first dimension of several 1.
 *
 * @param inputs - as the server describes them; none: `--shape` has to name all, with their datatypes.
 * @throws {ConfigError} for a shape that is of no input or does not fit it, and for a free dimension that nobody gave.
 */
export function shapedInputs(
  { name: model, inputs }: Pick<ModelMetadata, "name" | "inputs">,
  given: readonly TensorShape[],
): readonly TensorMetadata[] {
  const problems: ConfigProblem[] = [];
  const refuse = (message: string): void => void problems.push({ path: "--shape", message });
  if (inputs.length === 0) return undescribed(model, given);
  const known = inputs.map(describeTensor).join(", ");
  for (const { name } of given) {
    if (!inputs.some((input) => input.name === name)) {
      refuse(`model '${model}' has no input '${name}'; it has ${known}`);
    }
  }
  const shaped = inputs.map((input): TensorMetadata => {
    const { name, datatype: own, unknownRank = false } = input;
    const wanted = given.find((shape) => shape.name === name);
    if (wanted === undefined) {
      const shape = input.shape.map((size, i) => (size < 0 && i === 0 && input.shape.length > 1 ? 1 : size));
      if (unknownRank || shape.some((size) => size < 0)) {
        const example = unknownRank ? [1, 224] : shape.map((size) => (size < 0 ? 224 : size));
        refuse(
          `the input ${describeTensor(input)} ${unknownRank ? "needs one" : "has free dimensions: give it a shape"}, e.g. --shape ${name}:${example.join(",")}`,
        );
      }
      return { name, datatype: own, shape };
    }
    const { dims, datatype = own } = wanted;
    const fitsShape =
      unknownRank ||
      (dims.length === input.shape.length && input.shape.every((size, i) => size < 0 || size === dims[i]));
    if (!fitsShape || datatype !== own) {
      refuse(
        `'${name}:${dims.join(",")}' does not fit the input ${describeTensor(input)} of model '${model}'`,
      );
    }
    return { name, datatype: own, shape: dims };
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return shaped;
}

function undescribed(model: string, given: readonly TensorShape[]): readonly TensorMetadata[] {
  const inputs = given.flatMap(({ name, datatype, dims }) =>
    datatype === undefined ? [] : [{ name, datatype, shape: dims }],
  );
  if (inputs.length > 0 && inputs.length === given.length) return inputs;
  throw new ConfigError([
    {
      path: "--shape",
      message: `the server does not tell the inputs of model '${model}': name each with its datatype, e.g. --shape input:FP32:1,3,224,224`,
    },
  ]);
}
