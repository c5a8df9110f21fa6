import type { TransportName } from "../../core/transport.ts";
import { createFrameCounter } from "../network/frame-counter.ts";
import { runCell } from "../run-cell.ts";
import type { ByteCheck } from "./calibration-result.ts";
import type { OwnCostOptions } from "./own-cost.ts";

const REQUESTS = { full: 400, quick: 40 };

/**
 * Counts the bytes of a closed loop of small requests three times: by the harness at its sockets, by the kernel at the same
 * sockets, and, where there may be network namespaces, by the kernel at an interface.
 */
export async function checkBytes(
  transports: readonly TransportName[],
  options: OwnCostOptions,
): Promise<readonly ByteCheck[]> {
  const { quick, signal, onProgress, cellOf } = options;
  const checks: ByteCheck[] = [];
  for (const transport of transports) {
    if (signal.aborted || transport === "local") continue;
    onProgress(`${transport}: bytes`);
    const requests = quick ? REQUESTS.quick : REQUESTS.full;
    const { spec, cell } = await cellOf({
      transport: [transport],
      model: ["null"],
      scenario: ["closed-loop"],
      requests,
    });
    const { record, wire, kernelBytes, failure } = await runCell({
      spec,
      cell,
      repetition: 0,
      signal,
      onPhase() {},
    });
    if (record === undefined || wire === undefined || failure !== undefined) {
      const nan = Number.NaN;
      const nothing = {
        requestPayloadBytes: nan,
        responsePayloadBytes: nan,
        requestTcpBytes: nan,
        responseTcpBytes: nan,
      };
      checks.push({ transport, requests: 0, ...nothing, failure: failure ?? "nothing was counted" });
      continue;
    }
    const counter = createFrameCounter({ ...spec, quick: false });
    const frames = await counter.count(cell, signal);
    await counter.close();
    const mean = (column: Float64Array): number =>
      column.reduce((sum, value) => sum + value, 0) / record.rows;
    checks.push({
      transport,
      requests: wire.requests,
      requestPayloadBytes: mean(record.columns.requestPayloadBytes),
      responsePayloadBytes: mean(record.columns.responsePayloadBytes),
      requestTcpBytes: wire.requestBytes / wire.requests,
      responseTcpBytes: wire.responseBytes / wire.requests,
      ...(kernelBytes === undefined
        ? {}
        : {
            requestKernelBytes: kernelBytes.requestBytes / wire.requests,
            responseKernelBytes: kernelBytes.responseBytes / wire.requests,
          }),
      ...(frames === undefined
        ? {}
        : {
            requestWireBytes: frames.requestBytes / frames.requests,
            responseWireBytes: frames.responseBytes / frames.requests,
          }),
    });
  }
  return checks;
}
