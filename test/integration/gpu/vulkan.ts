import { existsSync } from "node:fs";
import path from "node:path";

/**
 * Names a folder with a software Vulkan device: `libvulkan.so.1` and the manifest and library of SwiftShader, as Debian's
 * chromium-common has them. `.ci/run` makes one; where the variable is set, the tests must find it.
 */
export const VULKAN_FOLDER = "WIREBENCH_TEST_VULKAN";

const FILES = ["libvulkan.so.1", "libvk_swiftshader.so", "vk_swiftshader_icd.json"] as const;

/** The environment of a process on the software device; undefined where there is none and none was promised. */
export function softwareVulkan(): NodeJS.ProcessEnv | undefined {
  const folder = process.env[VULKAN_FOLDER];
  if (folder === undefined || folder === "") return undefined;
  const missing = FILES.filter((file) => !existsSync(path.join(folder, file)));
  if (missing.length > 0) throw new Error(`${VULKAN_FOLDER}=${folder} has no ${missing.join(", ")}`);
  return {
    ...process.env,
    VK_DRIVER_FILES: path.join(folder, "vk_swiftshader_icd.json"),
    LD_LIBRARY_PATH: [folder, process.env["LD_LIBRARY_PATH"] ?? ""].filter((each) => each !== "").join(":"),
  };
}
