import type { IPublishPacket } from "mqtt";
import type { CancelSignal } from "../../core/cancellation.ts";
import { TransportError } from "../../core/errors.ts";
import { statusOfOutcome } from "../../core/served-request.ts";
import type { ServingCore } from "../../core/serving-core.ts";
import { packBytes } from "../../core/tensor.ts";
import type { Qos, ServeOptions, StudyServeOptions } from "../../core/transport.ts";
import type { BrokerConnection } from "./connection.ts";
import type { RunningRequests } from "./running-requests.ts";
import { STUDY_ANSWERS, STUDY_CAMERA, STUDY_FAILURES, shared } from "./topics.ts";

/** Pictures that are worked on at a time: a camera that is faster than the model is answered in part, and late at most by these. */
const MOST_PICTURES = 32;

/**
 * Answers the unmodified clients of the vehicle-cloud study: a JPEG (or PNG) on `/vehicle_camera` becomes a painted mask on
 * `/segmented_images`. Nothing in these messages says which answer belongs to which picture, so the answers keep the
 * order of the pictures. A picture that cannot be answered is told on `/segmented_images/errors`.
 */
export class StudyResponder {
  readonly #core: ServingCore;
  readonly #study: StudyServeOptions;
  readonly #running: RunningRequests;
  readonly #maxPayloadBytes: number;
  readonly #qos: Qos;
  readonly #onServed: ServeOptions["onServed"];
  #published: Promise<void> = Promise.resolve();
  #working = 0;
  #count = 0;

  constructor(
    core: ServingCore,
    running: RunningRequests,
    options: Pick<ServeOptions, "maxPayloadBytes" | "onServed"> & {
      readonly study: StudyServeOptions;
      readonly qos: Qos;
    },
  ) {
    this.#core = core;
    this.#running = running;
    this.#study = options.study;
    this.#maxPayloadBytes = options.maxPayloadBytes;
    this.#qos = options.qos;
    this.#onServed = options.onServed;
  }

  /** @throws {TransportError} when the broker refuses. */
  subscribe(connection: BrokerConnection, group: string | undefined): Promise<void> {
    return connection.subscribe([shared(STUDY_CAMERA, group)], this.#qos);
  }

  /** Leaves the pictures to the others of the group. Never fails. */
  async unsubscribe(connection: BrokerConnection, group: string | undefined): Promise<void> {
    await connection.unsubscribe([shared(STUDY_CAMERA, group)]).catch(() => {});
  }

  /** Answers a picture. A retained one is old, and is passed over. */
  accept(connection: BrokerConnection, picture: Buffer, { retain }: Pick<IPublishPacket, "retain">): void {
    if (retain) return;
    if (this.#working >= MOST_PICTURES) {
      const message = `${MOST_PICTURES} pictures are worked on already: they come faster than '${this.#study.model}' answers`;
      this.#tell(connection, new TransportError("RESOURCE_EXHAUSTED", message));
      return;
    }
    this.#working++;
    const id = `study-${this.#count++}`;
    void this.#running.run(undefined, async (signal) => {
      const answer = this.#answer(picture, id, signal);
      void this.#log(picture, id, answer);
      this.#published = this.#inTurn(connection, answer, this.#published);
      await this.#published;
      this.#working--;
    });
  }

  async #inTurn(
    connection: BrokerConnection,
    answer: Promise<Uint8Array>,
    before: Promise<void>,
  ): Promise<void> {
    try {
      const painted = await answer;
      await before;
      this.#publish(connection, STUDY_ANSWERS, painted);
    } catch (error) {
      this.#tell(connection, TransportError.from(error, "INTERNAL"));
      await before;
    }
  }

  async #log(picture: Buffer, id: string, answer: Promise<Uint8Array>): Promise<void> {
    const [ended] = await Promise.allSettled([answer]);
    this.#onServed?.({
      transport: "mqtt",
      modelName: this.#study.model,
      modelVersion: "",
      id,
      status: statusOfOutcome(ended.status === "rejected" ? ended.reason : undefined),
      requestBytes: picture.byteLength,
      responseBytes: ended.status === "rejected" ? 0 : ended.value.byteLength,
      // A broker stands between.
      client: "",
    });
  }

  async #answer(picture: Buffer, id: string, signal: CancelSignal): Promise<Uint8Array> {
    signal.throwIfAborted();
    if (picture.byteLength > this.#maxPayloadBytes) {
      throw new TransportError(
        "RESOURCE_EXHAUSTED",
        `the picture has ${picture.byteLength} bytes, more than the server's payload limit of ${this.#maxPayloadBytes} bytes`,
      );
    }
    const modelName = this.#study.model;
    const [input] = this.#core.modelMetadata(modelName).inputs;
    const tensor = { datatype: "BYTES", shape: [1], data: packBytes([picture]) } as const;
    const response = await this.#core.infer(
      { modelName, id, inputs: [{ name: input?.name ?? "image", ...tensor }] },
      signal,
    );
    return this.#study.paint(response);
  }

  #tell(connection: BrokerConnection, { status, message }: TransportError): void {
    this.#publish(connection, STUDY_FAILURES, Buffer.from(JSON.stringify({ status, message })), () => {});
  }

  #publish(
    connection: BrokerConnection,
    topic: string,
    bytes: Uint8Array,
    onFailure = (error: TransportError): void => this.#tell(connection, error),
  ): void {
    try {
      const message = { byteLength: bytes.byteLength, parts: [bytes] };
      connection.publish({ topic, message, qos: this.#qos, onWrite: () => true, onFailure });
    } catch (error) {
      if (connection.loss === undefined) onFailure(TransportError.from(error, "INTERNAL"));
    }
  }
}
