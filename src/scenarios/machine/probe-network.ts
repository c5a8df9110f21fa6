import { type Finding, finding } from "./finding.ts";
import { findProgram, type Machine } from "./machine.ts";

const PORTS = [
  { port: 8000, what: "HTTP", option: "--http-port" },
  { port: 8001, what: "gRPC", option: "--grpc-port" },
  { port: 1883, what: "MQTT", option: "--mqtt-port" },
] as const;

/** Sockets of a bench with many connections, and files of its libraries. */
const ROOMY_FILES = 4_096;
const LEAST_FILES = 256;

/** Sockets, the ports of `serve`, Mosquitto, and whether links can be simulated. */
export async function probeNetwork(machine: Machine): Promise<readonly Finding[]> {
  const ports = await Promise.all(PORTS.map((entry) => probePort(machine, entry)));
  return [
    probeFiles(machine),
    await probeLoopback(machine),
    ...ports,
    await probeMosquitto(machine),
    await probeNamespace(machine),
  ];
}

function probeFiles(machine: Machine): Finding {
  const line = /^Max open files\s+(\S+)\s+(\S+)/m.exec(machine.readText("/proc/self/limits") ?? "");
  const [, soft, hard] = line ?? [];
  if (soft === undefined || hard === undefined) return finding("files", "Open files", "limit unknown");
  const limit = soft === "unlimited" ? Number.POSITIVE_INFINITY : Number(soft);
  const found = `${soft} (can be raised to ${hard})`;
  if (limit >= ROOMY_FILES) return finding("files", "Open files", found);
  return finding("files", "Open files", found, {
    state: limit < LEAST_FILES ? "problem" : "note",
    advice: `each connection takes one at either end: ulimit -n ${ROOMY_FILES}`,
  });
}

async function probeLoopback(machine: Machine): Promise<Finding> {
  const error = await machine.listenError(0);
  if (error === undefined) return finding("loopback", "Loopback", "127.0.0.1 takes listeners");
  return finding("loopback", "Loopback", `127.0.0.1 takes no listener (${error})`, {
    state: "problem",
    advice: "bring the loopback device up: ip link set lo up",
  });
}

async function probePort(machine: Machine, { port, what, option }: (typeof PORTS)[number]): Promise<Finding> {
  const id = `port-${port}`;
  const name = `Port ${port} (${what})`;
  const error = await machine.listenError(port);
  if (error === undefined) return finding(id, name, "free");
  return finding(id, name, error === "EADDRINUSE" ? "in use" : error, {
    state: "note",
    advice: `only for serve: ${option} takes another (the bench lets the system choose)`,
  });
}

async function probeMosquitto(machine: Machine): Promise<Finding> {
  const program = findProgram(machine, "mosquitto");
  if (program === undefined) {
    return finding("mosquitto", "Mosquitto", "none", {
      state: "note",
      advice:
        "only for a real broker with MQTT 5 (--broker): apt install mosquitto; the embedded one speaks 3.1.1",
    });
  }
  const { output } = await machine.run(program, ["-h"]);
  const version = /mosquitto version (\d+\.\d+)(\S*)/.exec(output);
  const [, series = "0", patch = ""] = version ?? [];
  const found = version === null ? program : `${series}${patch}, ${program}`;
  const [major = 0, minor = 0] = series.split(".").map(Number);
  if (major < 2 || (major === 2 && minor < 1)) return finding("mosquitto", "Mosquitto", found);
  return finding("mosquitto", "Mosquitto", found, {
    state: "note",
    advice: "it refuses packets above 2 MB unless its configuration says max_packet_size 268435455",
  });
}

async function probeNamespace(machine: Machine): Promise<Finding> {
  const id = "network-namespace";
  const name = "Network namespace";
  const tool = findProgram(machine, "tc") === undefined ? "no tc" : "with tc";
  for (const [how, args] of [
    ["as this user", ["--net", "true"]],
    ["in a user namespace", ["--user", "--map-root-user", "--net", "true"]],
  ] as const) {
    const { exitCode } = await machine.run("unshare", args);
    if (exitCode === 0) return finding(id, name, `can be made ${how}, ${tool}`);
  }
  return finding(id, name, "cannot be made", {
    state: "note",
    advice:
      "only for simulated links: run as root, or allow user namespaces (sysctl kernel.unprivileged_userns_clone=1)",
  });
}
