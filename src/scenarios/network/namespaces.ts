import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { BenchError, messageOf } from "../../core/errors.ts";
import type { LinkBytes } from "../../recording/wire-bytes.ts";
import { type InterfaceCounters, parseInterfaces } from "./interface-counters.ts";

export const NODES = ["client", "middle", "server"] as const;
/** Where the processes of a role stand: generators, broker or relay, server. */
export type NodeName = (typeof NODES)[number];

/** A machine of its own, as far as its network goes. */
export interface NetworkNode {
  /** IPv4; the others reach it there. */
  readonly address: string;
  /** A process in its namespaces, for those that are to join them. */
  readonly pid: number;
}

/** Three network namespaces, each joined to each by a cable (a veth pair) of its own. */
export interface Namespaces {
  readonly nodes: Readonly<Record<NodeName, NetworkNode>>;
  /** Bytes of all frames so far on the cable between two nodes; the way from the first to the second carries requests. */
  count(from: NodeName, to: NodeName): LinkBytes;
  /** Ends them. Idempotent; never rejects. */
  close(): Promise<void>;
}

/** What an Ethernet carries; no offload, so that every packet that is counted is one that would be sent. */
export const MTU_BYTES = 1_500;
const TIMEOUT_MS = 5_000;
/**
 * What holds a namespace: it ends when its input does. Without the neighbour discovery and the router solicitations of IPv6
 * nothing but the requests' own traffic is counted; interfaces inherit this when they are made.
 */
const HOLD = "echo 1 2>/dev/null > /proc/sys/net/ipv6/conf/default/disable_ipv6; echo ready; exec cat";
const ADDRESS: Readonly<Record<NodeName, string>> = {
  client: "10.203.0.1",
  middle: "10.203.0.2",
  server: "10.203.0.3",
};

/**
 * Creates the namespaces in a user namespace of their own: no privilege is needed where the kernel lets users have one.
 * They end with this process, however it ends.
 *
 * @throws {BenchError} ERR_PROCESS, one line, where they cannot be had: no `unshare` or `ip`, or not allowed.
 */
export async function createNamespaces(): Promise<Namespaces> {
  const holders: ChildProcess[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(holders.map(end));
  };
  const hold = async (command: string, args: readonly string[]): Promise<number> => {
    const holder = spawn(command, [...args, "sh", "-c", HOLD], {
      stdio: ["pipe", "pipe", "pipe"],
    });
    holders.push(holder);
    return held(holder, command);
  };
  try {
    const first = await hold("unshare", ["--user", "--map-root-user", "--net"]);
    const another = (): Promise<number> =>
      hold("nsenter", [...joining(first, ["--user"]), "unshare", "--net"]);
    const pids: Record<NodeName, number> = {
      client: first,
      middle: await another(),
      server: await another(),
    };
    await lay(pids);
    const node = (name: NodeName): NetworkNode => ({ address: ADDRESS[name], pid: pids[name] });
    return {
      nodes: { client: node("client"), middle: node("middle"), server: node("server") },
      count(from, to) {
        const counters = interfacesOf(pids[from]).get(cableTo(to));
        if (counters === undefined) throw new BenchError("ERR_PROCESS", `no cable from ${from} to ${to}`);
        return { requestBytes: counters.sentBytes, responseBytes: counters.receivedBytes };
      },
      close,
    };
  } catch (error) {
    await close();
    throw new BenchError("ERR_PROCESS", `no network namespace: ${messageOf(error)}`, { cause: error });
  }
}

/** Arguments of `nsenter` before the command that is to run in the namespaces of a process. */
export function joining(pid: number, which: readonly string[] = ["--user", "--net"]): readonly string[] {
  return ["--target", String(pid), ...which, "--preserve-credentials", "--"];
}

/** The first line of a holder says that it is where it is to be. */
async function held(holder: ChildProcess, command: string): Promise<number> {
  let complaint = "";
  holder.stderr?.setEncoding("utf8").on("data", (text: string) => {
    complaint += text;
  });
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const failed = Promise.race([
    once(holder, "error", { signal }).then(([error]) => messageOf(error)),
    once(holder, "close", { signal }).then(([code]) => complaint.trim() || `${command} ended with ${code}`),
  ]).then((reason) => {
    throw new Error(reason);
  });
  if (holder.stdout === null) throw new Error(`${command} has no output`);
  await Promise.race([once(holder.stdout, "data", { signal }), failed]);
  failed.catch(() => {
    // It has said that it is ready: its end is ours.
  });
  if (holder.pid === undefined) throw new Error(`${command} has no process`);
  return holder.pid;
}

async function lay(pids: Readonly<Record<NodeName, number>>): Promise<void> {
  for (const [index, node] of NODES.entries()) {
    const others = NODES.slice(index + 1);
    await configure(pids[node], [
      "link set lo up",
      `address add ${ADDRESS[node]}/32 dev lo`,
      ...others.map(
        (other) => `link add ${cableTo(other)} type veth peer name ${cableTo(node)} netns ${pids[other]}`,
      ),
    ]);
  }
  for (const node of NODES) {
    const others = NODES.filter((other) => other !== node);
    await configure(pids[node], [
      ...others.map((other) => `link set ${cableTo(other)} mtu ${MTU_BYTES} gso_max_segs 1 up`),
      ...others.map((other) => `route add ${ADDRESS[other]} dev ${cableTo(other)} src ${ADDRESS[node]}`),
    ]);
  }
}

function cableTo(node: NodeName): string {
  return `to-${node}`;
}

/** Runs commands of `ip` in a node. */
async function configure(pid: number, commands: readonly string[]): Promise<void> {
  const child = spawn("nsenter", [...joining(pid), "ip", "-batch", "-"], {
    stdio: ["pipe", "ignore", "pipe"],
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaint += text;
  });
  child.stdin.on("error", () => {
    // It ended before it read: its code says so.
  });
  child.stdin.end(`${commands.join("\n")}\n`);
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(complaint.trim() || `ip ended with ${code}`);
}

function interfacesOf(pid: number): ReadonlyMap<string, InterfaceCounters> {
  return parseInterfaces(readFileSync(`/proc/${pid}/net/dev`, "utf8"));
}

async function end(holder: ChildProcess): Promise<void> {
  if (holder.pid === undefined || holder.exitCode !== null || holder.signalCode !== null) return;
  const closed = once(holder, "close");
  holder.kill("SIGKILL");
  await closed;
}
