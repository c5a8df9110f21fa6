import { afterAll, beforeAll, describe } from "vitest";
import { DEFAULT_MAX_PAYLOAD_BYTES, TUNINGS } from "../../dist/core/transport.js";
import { type Bed, type ConformanceSubject, loadTransport } from "./conformance-bed.ts";
import { failureCases } from "./failure-cases.ts";
import { lifecycleCases } from "./lifecycle-cases.ts";
import { messageCases } from "./message-cases.ts";

/**
 * The one suite that every transport must pass: real sockets on port 0 of 127.0.0.1, a fake serving core behind the
 * server, each tuning and wire encoding in turn. A transport's test file calls it once with its `ConformanceSubject`.
 */
export function testTransportConformance(name: string, subject: ConformanceSubject): void {
  for (const tuning of subject.tunings ?? TUNINGS) {
    for (const encoding of subject.encodings) {
      describe(`${name}, ${encoding}, ${tuning}`, () => {
        let bed: Bed | undefined;
        let tearDown: (() => Promise<void>) | undefined;

        beforeAll(async () => {
          const extra = await subject.setUp?.();
          tearDown = extra?.tearDown;
          const maxPayloadBytes = DEFAULT_MAX_PAYLOAD_BYTES;
          bed = {
            subject,
            transport: await loadTransport(subject),
            serveOptions: { host: "127.0.0.1", port: 0, maxPayloadBytes, tuning, ...extra?.serve },
            connectOptions: { maxPayloadBytes, tuning, encoding, ...extra?.connect },
          };
        });

        afterAll(async () => {
          await tearDown?.();
        });

        const current = (): Bed => {
          if (bed === undefined) throw new Error("used before it was set up");
          return bed;
        };
        describe("messages", () => messageCases(current));
        describe("failures", () => failureCases(current));
        describe("life cycle", () => lifecycleCases(current));
      });
    }
  }
}
