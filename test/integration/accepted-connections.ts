import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/**
 * Which of some processes has accepted each connection to a port on 127.0.0.1, by the client's port. Reads what Linux tells
 * of open sockets.
 * @see https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html
 */
export function acceptedBy(pids: readonly number[], endpoint: string): ReadonlyMap<number, number> {
  const served = portOf(new URL(endpoint).port);
  const clients = new Map<string, number>();
  for (const line of readFileSync("/proc/net/tcp", "utf8").split("\n")) {
    const [, local = "", remote = "", state, , , , , , inode = ""] = line.trim().split(/\s+/);
    if (state === ESTABLISHED && local.endsWith(served)) {
      clients.set(`socket:[${inode}]`, Number.parseInt(remote.split(":")[1] ?? "", 16));
    }
  }
  const owners = new Map<number, number>();
  for (const pid of pids) {
    for (const socket of openFiles(pid)) {
      const client = clients.get(socket);
      if (client !== undefined) owners.set(client, pid);
    }
  }
  return owners;
}

const ESTABLISHED = "01";

/** As it stands behind an address there. */
function portOf(port: string): string {
  return `:${Number(port).toString(16).toUpperCase().padStart(4, "0")}`;
}

function openFiles(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
      } catch {
        return [];
      }
    });
  } catch {
    // It has ended.
    return [];
  }
}
