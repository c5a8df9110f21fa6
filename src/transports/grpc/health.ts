import type * as grpc from "@grpc/grpc-js";
import { service } from "grpc-health-check";
import { TransportError } from "../../core/errors.ts";
import { writeFailure } from "./status.ts";

/** How often watchers have it looked whether something has changed. */
const POLL_MS = 1_000;

interface HealthRequest {
  readonly service: string;
}

interface HealthAnswer {
  readonly status: "SERVING" | "NOT_SERVING" | "SERVICE_UNKNOWN";
}

/** What answers health checks. */
export interface HealthService {
  /** From now on nothing is served here. */
  drain(): void;
  /** Ends the streams of all watchers: they would hold the server up. */
  endWatches(): void;
}

/**
 * Adds `grpc.health.v1.Health`: Check, List and Watch.
 *
 * @param names - of the services that are known; the empty one is the whole server.
 * @param isReady - asked for each check, and every second while somebody watches.
 * @see https://github.com/grpc/grpc/blob/master/doc/health-checking.md
 */
export function addHealthService(
  server: grpc.Server,
  names: readonly string[],
  isReady: () => boolean,
): HealthService {
  const watchers = new Set<{ tell(): void; end(): void }>();
  let timer: NodeJS.Timeout | undefined;
  let isDraining = false;
  let isEnding = false;

  const answerFor = (name: string): HealthAnswer => {
    if (!names.includes(name)) return { status: "SERVICE_UNKNOWN" };
    return { status: !isDraining && isReady() ? "SERVING" : "NOT_SERVING" };
  };
  const tellAll = (): void => {
    for (const watcher of watchers) watcher.tell();
  };

  const check: grpc.handleUnaryCall<HealthRequest, HealthAnswer> = ({ request }, callback) => {
    if (names.includes(request.service)) callback(null, answerFor(request.service));
    else callback(writeFailure(new TransportError("NOT_FOUND", `unknown service '${request.service}'`)));
  };
  const list: grpc.handleUnaryCall<object, object> = (_call, callback) => {
    callback(null, { statuses: Object.fromEntries(names.map((name) => [name, answerFor(name)])) });
  };
  const watch: grpc.handleServerStreamingCall<HealthRequest, HealthAnswer> = (call) => {
    let told: HealthAnswer["status"] | undefined;
    const leave = (): void => {
      watchers.delete(watcher);
      if (watchers.size === 0) clearInterval(timer);
    };
    const watcher = {
      tell(): void {
        const answer = answerFor(call.request.service);
        if (answer.status === told || call.cancelled) return;
        told = answer.status;
        call.write(answer);
      },
      end(): void {
        leave();
        call.end();
      },
    };
    watcher.tell();
    if (isEnding) {
      call.end();
      return;
    }
    if (watchers.size === 0) timer = setInterval(tellAll, POLL_MS).unref();
    watchers.add(watcher);
    // grpc-js emits it at the end of every call, good ones too.
    call.on("cancelled", leave);
  };

  // proto-loader's types know neither the messages nor the methods.
  server.addService(service as unknown as grpc.ServiceDefinition, { check, list, watch });
  return {
    drain() {
      isDraining = true;
      tellAll();
    },
    endWatches() {
      isEnding = true;
      for (const watcher of [...watchers]) watcher.end();
    },
  };
}
