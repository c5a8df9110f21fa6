/** The extras of `onnxruntime-gpu` that name NVIDIA's libraries. */
const EXTRAS = ["cuda", "cudnn"] as const;

/**
 * The NVIDIA wheels that a wheel of `onnxruntime-gpu` asks for, as pip takes them: `nvidia-cufft~=12.0`.
 *
 * @param metadata - its METADATA file. Requirements of an extra stand as `Requires-Dist: NAME SPEC; extra == "cuda"`.
 * @see https://packaging.python.org/en/latest/specifications/core-metadata/#requires-dist-multiple-use
 */
export function wheelRequirements(metadata: string): readonly string[] {
  const found = metadata.split("\n").flatMap((line) => {
    const [, requirement = "", marker = ""] = /^Requires-Dist:\s*([^;]+);\s*(.+)$/.exec(line.trim()) ?? [];
    const extra = /extra\s*==\s*["']([\w-]+)["']/.exec(marker)?.[1] ?? "";
    return (EXTRAS as readonly string[]).includes(extra) && requirement.startsWith("nvidia-")
      ? [requirement.replace(/\s+|[()]/g, "")]
      : [];
  });
  return [...new Set(found)];
}
