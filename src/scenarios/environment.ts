import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import os from "node:os";
import { fileURLToPath } from "node:url";
import { readTcpSettings, type TcpSettings } from "./network/network-facts.ts";

/** What two results must share before their numbers may be compared. */
export interface Environment {
  readonly hostname: string;
  readonly os: string;
  readonly kernel: string;
  readonly cpuModel: string;
  /** Processors that this process may use. */
  readonly cpus: number;
  readonly memoryMb: number;
  readonly clockSource: string;
  readonly tcpCongestionControl: string;
  /** Buffers and windows of TCP. */
  readonly tcp: TcpSettings;
  /** Name and driver of the first GPU; empty without one. */
  readonly gpu: string;
  readonly gpuDriver: string;
  readonly node: string;
  /** Versions of the libraries that stand between two marks. */
  readonly packages: Readonly<Record<string, string>>;
  readonly wirebench: string;
  /** Empty outside a git checkout. */
  readonly gitCommit: string;
  readonly gitDirty: boolean;
}

const PACKAGES = [
  "@grpc/grpc-js",
  "aedes",
  "fastify",
  "hdr-histogram-js",
  "mqtt",
  "onnxruntime-node",
  "sharp",
  "undici",
] as const;

/** Reads what this machine and this checkout are; what cannot be read is the empty text. */
export function readEnvironment(): Environment {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const gpu =
    run("nvidia-smi", ["--query-gpu=name,driver_version", "--format=csv,noheader"]).split("\n")[0] ?? "";
  const [gpuName = "", gpuDriver = ""] = gpu.split(", ");
  return {
    hostname: os.hostname(),
    os: /^PRETTY_NAME="?([^"\n]*)/m.exec(text("/etc/os-release"))?.[1] ?? os.type(),
    kernel: os.release(),
    cpuModel: os.cpus()[0]?.model.trim() ?? "",
    cpus: os.availableParallelism(),
    memoryMb: Math.round(os.totalmem() / 2 ** 20),
    clockSource: text("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
    tcpCongestionControl: text("/proc/sys/net/ipv4/tcp_congestion_control"),
    tcp: readTcpSettings(),
    gpu: gpuName,
    gpuDriver,
    node: process.version,
    packages: Object.fromEntries(PACKAGES.map((name) => [name, versionOf(`${root}/node_modules/${name}`)])),
    wirebench: versionOf(root),
    gitCommit: run("git", ["-C", root, "rev-parse", "HEAD"]),
    gitDirty: run("git", ["-C", root, "status", "--porcelain", "--untracked-files=no"]) !== "",
  };
}

function text(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return "";
  }
}

function run(command: string, args: readonly string[]): string {
  try {
    const stdio: ["ignore", "pipe", "ignore"] = ["ignore", "pipe", "ignore"];
    return execFileSync(command, args, { encoding: "utf8", timeout: 5_000, stdio }).trim();
  } catch {
    return "";
  }
}

function versionOf(folder: string): string {
  const parsed: unknown = JSON.parse(text(`${folder}/package.json`) || "{}");
  const version = typeof parsed === "object" && parsed !== null && "version" in parsed ? parsed.version : "";
  return typeof version === "string" ? version : "";
}
