import type { ChildProcess } from "node:child_process";
import cluster from "node:cluster";
import type { Launch } from "../child.ts";

/**
 * Starts a process that shares its listening ports with the others started so: whoever of them is free accepts a
 * connection for itself (`SCHED_NONE`). The round robin of node:cluster deals more evenly, but with it the connection that
 * is being handed to a process as that is killed stays open and is never answered (about one for each kill; none this way),
 * and each passes through the conductor.
 *
 * @see https://nodejs.org/docs/latest-v20.x/api/cluster.html#how-it-works
 */
export const forkWorker: Launch = (entry, { env, execArgv }): ChildProcess => {
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  cluster.setupPrimary({
    exec: entry,
    args: [],
    execArgv: [...execArgv],
    serialization: "advanced",
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const worker = cluster.fork(env);
  // It says again what its process says; without a listener that would be thrown. Whoever has the process listens to that.
  worker.on("error", () => {});
  return worker.process;
};
