import type { Cancellation } from "../../core/cancellation.ts";
import type { InferRequest, InferResponse } from "../../core/inference.ts";
import type { ModelMetadata, ServerMetadata } from "../../core/metadata.ts";

/** What a client of this process may ask a local server. */
export interface LocalListener {
  /** The largest request and answer. */
  readonly maxPayloadBytes: number;
  /**
   * Answers as a server behind a socket does: its marks are in the response's parameters. The client cancels it
   * when it gives up, the server when it is closed and can wait no longer.
   */
  infer(request: InferRequest, gone: Cancellation): Promise<InferResponse>;
  serverMetadata(): ServerMetadata;
  modelMetadata(modelName: string, modelVersion?: string): ModelMetadata;
}

const listeners = new Map<string, LocalListener>();
let nextNumber = 1;

/** Makes a listener reachable in this process. @returns its endpoint, `local:N`. */
export function register(listener: LocalListener): string {
  const endpoint = `local:${nextNumber}`;
  nextNumber += 1;
  listeners.set(endpoint, listener);
  return endpoint;
}

/** Takes the listener away: `find` no longer sees it. */
export function unregister(endpoint: string): void {
  listeners.delete(endpoint);
}

/** The listener of an endpoint, as long as it listens. */
export function find(endpoint: string): LocalListener | undefined {
  return listeners.get(endpoint);
}
