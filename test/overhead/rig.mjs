// @ts-check
import { DEFAULT_MAX_PAYLOAD_BYTES } from "../../dist/core/transport.js";
import { Child } from "../../dist/scenarios/child.js";
import { ECHO, MODEL } from "./message.mjs";
import { ScriptProcess } from "./script-process.mjs";

/** @typedef {"http" | "grpc" | "mqtt"} Measured */
/** @typedef {import("../../dist/core/transport.js").Tuning} Tuning */

/**
 * Who takes part in a round: the bare client and ours at the server, the bare client at the bare echo, and our gRPC
 * client with the library's defaults at a server with the library's defaults.
 * @typedef {"bare" | "ours" | "echo" | "defaults"} Participant
 */

/** @type {readonly Measured[]} */
export const MEASURED = ["http", "grpc", "mqtt"];

/**
 * The processes that stay for the whole run: a broker, the server (model `null`, three listeners), a second gRPC server
 * with the library's defaults, and a bare echo for each transport. Starts client processes on demand.
 */
export class Rig {
  /** @type {Set<{ end(): Promise<unknown> }>} */
  #processes = new Set();
  /** @type {Map<string, string>} */
  #endpoints = new Map();
  #ended = false;

  /** @param {readonly Measured[]} transports - which listeners and echoes are needed. */
  async start(transports) {
    /** @type {Child<import("../../dist/scenarios/processes/commands.js").BrokerCommands>} */
    const broker = this.#keep(new Child({ role: "broker", tuning: "tuned" }));
    const brokerUrl = await broker.ask("start", {
      host: "127.0.0.1",
      port: 0,
      maxPayloadBytes: DEFAULT_MAX_PAYLOAD_BYTES,
      tuning: "tuned",
    });
    await this.#serve("tuned", transports, brokerUrl);
    if (transports.includes("grpc")) await this.#serve("defaults", ["grpc"], brokerUrl);
    for (const transport of transports) {
      const echo = this.#keep(new ScriptProcess(`echo-${transport}`, "tuned"));
      this.#endpoints.set(`echo ${transport}`, await echo.ask("start", { brokerUrl }));
    }
  }

  /**
   * A new client process, connected.
   * @param {Participant} participant
   * @param {Measured} transport
   */
  async client(participant, transport) {
    const tuning = participant === "defaults" ? "defaults" : "tuned";
    const isBare = participant === "bare" || participant === "echo";
    const from = participant === "echo" ? "echo" : tuning;
    const client = this.#keep(new ScriptProcess(isBare ? `bare-${transport}` : "ours", tuning));
    await client.ask("connect", {
      transport,
      endpoint: this.#endpoints.get(`${from} ${transport}`),
      tuning,
      model: participant === "echo" ? ECHO : MODEL,
    });
    return client;
  }

  /** Ends every process. Idempotent, never rejects. */
  async end() {
    this.#ended = true;
    // Clients first, in the reverse order of their start: servers then wait for nobody.
    for (const child of [...this.#processes].reverse()) await child.end();
    this.#processes.clear();
  }

  /**
   * @param {Tuning} tuning
   * @param {readonly Measured[]} transports
   * @param {string} brokerUrl
   */
  async #serve(tuning, transports, brokerUrl) {
    /** @type {Child<import("../../dist/scenarios/processes/commands.js").ServerCommands>} */
    const server = this.#keep(new Child({ role: "server", tuning }));
    const { endpoints } = await server.ask("start", {
      listeners: transports.map((transport) => ({
        transport,
        host: "127.0.0.1",
        port: 0,
        ...(transport === "mqtt" ? { brokerUrl } : {}),
      })),
      core: { models: [MODEL], repository: "models", device: "cpu", instances: 1 },
      tuning,
      maxPayloadBytes: DEFAULT_MAX_PAYLOAD_BYTES,
      qos: 0,
    });
    for (const [i, transport] of transports.entries()) {
      this.#endpoints.set(`${tuning} ${transport}`, /** @type {string} */ (endpoints[i]));
    }
  }

  /**
   * @template {{ end(): Promise<unknown> }} P
   * @param {P} started
   * @returns {P}
   */
  #keep(started) {
    this.#processes.add(started);
    if (this.#ended) void started.end();
    return started;
  }
}
