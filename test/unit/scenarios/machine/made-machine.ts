import path from "node:path";
import type { Environment } from "../../../../src/scenarios/environment.ts";
import type { Machine } from "../../../../src/scenarios/machine/machine.ts";

/** A machine on which everything is as it should be: 8 cores, a GPU, Vulkan, Mosquitto 2.0. */
export const GOOD_FILES: Readonly<Record<string, string>> = {
  "/proc/self/limits":
    "Limit  Soft  Hard\nMax open files            20000                50000                files",
  "/proc/self/cgroup": "0::/",
  "/usr/lib/x86_64-linux-gnu/libvulkan.so.1": "",
  "/usr/share/vulkan/icd.d/nvidia_icd.json": "{}",
  "/usr/sbin/mosquitto": "",
  "/usr/sbin/tc": "",
  "/home/me/wirebench/rosbag-samples/street.bag": "",
  "/home/me/wirebench/models/README.md": "",
  "/home/me/wirebench/results/.gitkeep": "",
};

export const GOOD_ENVIRONMENT: Environment = {
  hostname: "good",
  os: "Debian",
  kernel: "6.1",
  cpuModel: "Made CPU",
  cpus: 8,
  memoryMb: 16_000,
  clockSource: "tsc",
  tcpCongestionControl: "cubic",
  tcp: {
    congestionControl: "cubic",
    receiveBufferBytes: "4096 131072 6291456",
    sendBufferBytes: "4096 16384 4194304",
    windowScaling: "1",
    loopbackMtu: "65536",
  },
  gpu: "NVIDIA H200",
  gpuDriver: "580.1",
  node: "v20.20.2",
  packages: { "onnxruntime-node": "1.30.0" },
  wirebench: "0.1.0",
  gitCommit: "",
  gitDirty: false,
};

export const GOOD_BACKENDS = [
  { name: "cpu", bundled: true },
  { name: "webgpu", bundled: true },
  { name: "cuda", bundled: false },
];

/** A machine made of files; `changes` replaces its other answers. */
export function madeMachine(
  changes: Partial<Machine> = {},
  files: Readonly<Record<string, string>> = GOOD_FILES,
): Machine {
  return {
    env: { PATH: "/usr/bin", HOME: "/home/me" },
    folder: "/home/me/wirebench",
    nodeVersion: "20.20.2",
    glibcVersion: "2.36",
    load1: 0.1,
    readText: (file) => files[file],
    list: (folder) => [
      ...new Set(
        Object.keys(files)
          .filter((file) => file.startsWith(`${folder}/`))
          .map((file) => path.relative(folder, file).split("/")[0] ?? ""),
      ),
    ],
    canWrite: () => true,
    fileSystem: () => ({ sizeBytes: 2 ** 33, freeBytes: 2 ** 33 }),
    run: async (command) =>
      command.endsWith("mosquitto")
        ? { exitCode: 3, output: "mosquitto version 2.0.11\n\nmosquitto is an MQTT broker" }
        : { exitCode: 0, output: "" },
    listenError: async () => undefined,
    tryProvider: async () => ({ works: true }),
    ...changes,
  };
}
