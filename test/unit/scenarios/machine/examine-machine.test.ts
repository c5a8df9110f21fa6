import { describe, expect, it } from "vitest";
import type { Environment } from "../../../../src/scenarios/environment.ts";
import { examineMachine } from "../../../../src/scenarios/machine/examine-machine.ts";
import type { Finding } from "../../../../src/scenarios/machine/finding.ts";
import type { Machine } from "../../../../src/scenarios/machine/machine.ts";
import { GOOD_BACKENDS, GOOD_ENVIRONMENT, GOOD_FILES, madeMachine } from "./made-machine.ts";

async function examine(
  changes: Partial<Machine> = {},
  files: Readonly<Record<string, string | undefined>> = {},
  environment: Partial<Environment> = {},
): Promise<{ readonly ready: boolean; readonly of: (id: string) => Finding }> {
  const kept = Object.entries({ ...GOOD_FILES, ...files }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const machine = madeMachine(changes, Object.fromEntries(kept));
  const report = await examineMachine(machine, { ...GOOD_ENVIRONMENT, ...environment }, GOOD_BACKENDS);
  return {
    ready: report.ready,
    of: (id) => {
      const found = report.findings.find((finding) => finding.id === id);
      if (found === undefined) throw new Error(`no finding ${id}`);
      return found;
    },
  };
}

it("a good machine has nothing to mend", async () => {
  const report = await examineMachine(madeMachine(), GOOD_ENVIRONMENT, GOOD_BACKENDS);
  expect(report.ready).toBe(true);
  expect(report.findings.filter(({ state }) => state !== "ok")).toEqual([]);
  expect(new Set(report.findings.map(({ id }) => id)).size).toBe(report.findings.length);
});

describe("what the default bench needs is a problem", () => {
  it.each<[string, Partial<Machine>, Record<string, string | undefined>, Partial<Environment>, RegExp]>([
    ["node", { nodeVersion: "20.18.3" }, {}, {}, /20\.18\.3/],
    [
      "provider-cpu",
      { tryProvider: async () => ({ works: false, reason: "no binding", missingLibraries: [] }) },
      {},
      {},
      /no binding/,
    ],
    ["memory", {}, {}, { memoryMb: 512 }, /512 MiB/],
    ["loopback", { listenError: async () => "EADDRNOTAVAIL" }, {}, {}, /EADDRNOTAVAIL/],
    ["sample-bag", {}, { "/home/me/wirebench/rosbag-samples/street.bag": undefined }, {}, /missing/],
    ["results", { canWrite: (folder) => !folder.endsWith("results") }, {}, {}, /cannot be written/],
    ["files", {}, { "/proc/self/limits": "Max open files   100   100   files" }, {}, /100/],
  ])("%s", async (id, changes, files, environment, found) => {
    const { ready, of } = await examine(changes, files, environment);
    expect(ready).toBe(false);
    expect(of(id)).toMatchObject({ state: "problem", found: expect.stringMatching(found) });
    expect(of(id).advice).toBeTruthy();
  });
});

describe("what only limits is a note", () => {
  it.each<[string, Partial<Machine>, Record<string, string | undefined>, Partial<Environment>, RegExp]>([
    ["glibc", { glibcVersion: "2.17" }, {}, {}, /2\.17/],
    ["glibc", { glibcVersion: undefined }, {}, {}, /not glibc/],
    ["gpu", {}, {}, { gpu: "" }, /no nvidia-smi/],
    ["gpu", {}, { "/usr/bin/nvidia-smi": "" }, { gpu: "" }, /finds no device/],
    ["vulkan", {}, { "/usr/share/vulkan/icd.d/nvidia_icd.json": undefined }, {}, /no driver/],
    ["vulkan", {}, { "/usr/lib/x86_64-linux-gnu/libvulkan.so.1": undefined }, {}, /no libvulkan/],
    ["vulkan", { env: { VK_DRIVER_FILES: "/no.json" } }, {}, {}, /VK_DRIVER_FILES names \/no\.json/],
    ["cores", {}, {}, { cpus: 2 }, /^2 /],
    [
      "cores",
      {},
      { "/proc/self/cgroup": "0::/", "/sys/fs/cgroup/cpu.max": "150000 100000" },
      {},
      /allows 1\.5 of them/,
    ],
    ["load", { load1: 5 }, {}, {}, /5\.00/],
    [
      "governor",
      {},
      { "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "powersave" },
      {},
      /powersave/,
    ],
    ["memory", {}, { "/sys/fs/cgroup/memory.max": String(2 ** 31) }, {}, /allows 2048 MiB/],
    ["shm", { fileSystem: () => ({ sizeBytes: 2 ** 26, freeBytes: 2 ** 26 }) }, {}, {}, /64 MiB/],
    ["clock", {}, {}, { clockSource: "hpet" }, /hpet/],
    ["files", {}, { "/proc/self/limits": "Max open files   1024   4096   files" }, {}, /raised to 4096/],
    [
      "port-8001",
      { listenError: async (port) => (port === 8001 ? "EADDRINUSE" : undefined) },
      {},
      {},
      /in use/,
    ],
    ["mosquitto", {}, { "/usr/sbin/mosquitto": undefined }, {}, /none/],
    [
      "mosquitto",
      { run: async () => ({ exitCode: 0, output: "mosquitto version 2.1.0" }) },
      {},
      {},
      /2\.1\.0, \/usr\/sbin\/mosquitto/,
    ],
    ["network-namespace", { run: async () => ({ exitCode: 1, output: "" }) }, {}, {}, /cannot be made/],
    ["disk", { fileSystem: () => ({ sizeBytes: 2 ** 33, freeBytes: 1e8 }) }, {}, {}, /100 MB/],
  ])("%s", async (id, changes, files, environment, found) => {
    const { ready, of } = await examine(changes, files, environment);
    expect(of(id)).toMatchObject({ state: "note", found: expect.stringMatching(found) });
    expect(of(id).advice).toBeTruthy();
    expect(ready).toBe(true);
  });

  it("a GPU's provider, with the library that is missing", async () => {
    const { ready, of } = await examine({
      tryProvider: async (provider) =>
        provider === "cuda"
          ? { works: false, reason: "Failed to load shared library", missingLibraries: ["libcudnn.so.9"] }
          : { works: true },
    });
    expect(of("provider-cuda")).toMatchObject({ state: "note", found: "missing: libcudnn.so.9" });
    expect(of("provider-cuda").advice).toContain("npm run gpu:setup");
    expect(ready).toBe(true);
  });
});

it("a namespace that needs a user's own is found, with the right arguments", async () => {
  const { of } = await examine({
    run: async (_command, args) => ({ exitCode: args.includes("--map-root-user") ? 0 : 1, output: "" }),
  });
  expect(of("network-namespace")).toMatchObject({
    state: "ok",
    found: "can be made in a user namespace, with tc",
  });
});
