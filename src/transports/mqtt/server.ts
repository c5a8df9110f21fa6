import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { TransportError } from "../../core/errors.ts";
import type { ServingCore } from "../../core/serving-core.ts";
import type { InferenceServer, MqttServeOptions, ServeOptions } from "../../core/transport.ts";
import { Announcement } from "./announcement.ts";
import { DEAD, encodeJson } from "./codec.ts";
import type { BrokerConnection } from "./connection.ts";
import { BrokerLink } from "./link.ts";
import { Responder } from "./responder.ts";
import { RunningRequests } from "./running-requests.ts";
import { StudyResponder } from "./study-responder.ts";
import { parseTopic, STUDY_ANSWERS, STUDY_CAMERA, statusTopic } from "./topics.ts";

const CONNECT_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 5_000;
/** How long a broker is waited for that is told of the end: one that does not listen must not keep a server from closing. */
const TELL_TIMEOUT_MS = 1_000;

/** How often models that were loaded or unloaded are looked for. */
const FOLLOW_MS = 1_000;

/**
 * Offers every model of the core through the broker of `options.mqtt`, those that are loaded later included. When the
 * connection to the broker breaks, what is in flight is aborted; the server comes back by itself and announces itself anew.
 *
 * @throws {TransportError} UNAVAILABLE when the broker cannot be reached, INVALID_ARGUMENT without a broker's URL,
 * UNIMPLEMENTED for a broker that lacks what is needed.
 */
export async function serveMqtt(core: ServingCore, options: ServeOptions): Promise<InferenceServer> {
  const { mqtt, tuning, maxPayloadBytes } = options;
  if (mqtt === undefined) {
    throw new TransportError(
      "INVALID_ARGUMENT",
      "the mqtt transport needs the URL of a broker (mqtt.brokerUrl)",
    );
  }
  const { group, qos, study } = mqtt;
  const { serverId, passing } = nameOf(mqtt);
  const running = new RunningRequests();
  const responder = new Responder(core, running, { maxPayloadBytes, qos, onServed: options.onServed });
  const studyResponder =
    study && new StudyResponder(core, running, { study, maxPayloadBytes, qos, onServed: options.onServed });
  const announcement = new Announcement(core, { serverId, passing, group, qos });
  let current: BrokerConnection | undefined;
  const link = await BrokerLink.open(mqtt.brokerUrl, {
    clientId: `wirebench-server-${randomUUID()}`,
    timeoutMs: CONNECT_TIMEOUT_MS,
    tuning,
    will: { topic: statusTopic(serverId), payload: encodeJson(DEAD) },
    needs: { qos, group },
    events: {
      onMessage(topic, payload, packet) {
        if (current === undefined) return;
        if (topic === STUDY_CAMERA) studyResponder?.accept(current, payload, packet);
        else if (payload.byteLength === 0 && parseTopic(topic)?.kind === "model") {
          void announcement.retell(current, topic);
        } else responder.accept(current, topic, payload, packet);
      },
      async onConnect(connection) {
        current = connection;
        await studyResponder?.subscribe(connection, group);
        await announcement.begin(connection);
      },
      onLoss: (error) => running.abort(error),
    },
  });
  const timer = setInterval(() => {
    if (link.loss === undefined) void announcement.follow(link.connection);
  }, FOLLOW_MS).unref();
  const { url, protocolVersion } = link.connection;

  /** What is handed over already is still answered. */
  const refuse = async (): Promise<void> => {
    if (link.loss !== undefined) return;
    const { connection } = link;
    const told = Promise.all([
      announcement.refuse(connection),
      group === undefined ? undefined : studyResponder?.unsubscribe(connection, group),
    ]);
    await untilTold(told);
  };
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    clearInterval(timer);
    if (group !== undefined) await refuse();
    running.refuse(new TransportError("UNAVAILABLE", "the server is closing"));
    if (group === undefined) await refuse();
    await running.whenIdle(options.limits?.closeTimeoutMs ?? CLOSE_TIMEOUT_MS);
    if (link.loss === undefined) await untilTold(announcement.end(link.connection));
    await link.end();
  };
  return {
    endpoint: url,
    notes: [
      `MQTT ${protocolVersion}, QoS ${qos}`,
      ...(group === undefined ? [] : [`shared subscription of the group ${group}`]),
      ...(study === undefined ? [] : [`pictures on ${STUDY_CAMERA} are answered on ${STUDY_ANSWERS}`]),
    ],
    drain: refuse,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

/** @param told - never rejects. */
async function untilTold(told: Promise<unknown>): Promise<void> {
  await Promise.race([told, delay(TELL_TIMEOUT_MS, undefined, { ref: false })]);
}

/** Servers of one group must not speak, or die, in each other's name. */
function nameOf({ serverId, group, place = String(process.pid) }: MqttServeOptions): {
  serverId: string;
  passing: boolean;
} {
  if (serverId !== undefined) return { serverId, passing: false };
  if (group === undefined) return { serverId: "wirebench", passing: false };
  return { serverId: `${group}-${hostname()}-${place}`, passing: true };
}
