import { describe, expect, it } from "vitest";
import { BrokerMarkRecorder } from "../../../../src/transports/mqtt/broker-marks.ts";
import { requestTopic, responseTopic } from "../../../../src/transports/mqtt/topics.ts";

describe("BrokerMarkRecorder", () => {
  const pass = (recorder: BrokerMarkRecorder, id: string, startNs: number): void => {
    const request = requestTopic("m", { clientId: "c/1", id });
    recorder.record(request, "in", startNs);
    recorder.record(request, "out", startNs + 1);
    recorder.record(responseTopic("c/1", id), "in", startNs + 2);
    recorder.record(responseTopic("c/1", id), "out", startNs + 3);
  };

  it("joins a request and its answer by client and id, then forgets them", () => {
    const recorder = new BrokerMarkRecorder(10);
    pass(recorder, "r+1", 100);
    expect(recorder.take()).toEqual({
      marks: [
        {
          clientId: "c/1",
          requestId: "r+1",
          requestInNs: 100,
          requestOutNs: 101,
          responseInNs: 102,
          responseOutNs: 103,
        },
      ],
      missed: 0,
    });
    expect(recorder.take()).toEqual({ marks: [], missed: 0 });
    // The rows are used again: nothing of the first run may shine through.
    recorder.record(requestTopic("m", { clientId: "c", id: "2" }), "in", 7);
    expect(recorder.take().marks).toMatchObject([{ requestInNs: 7, requestOutNs: 0, responseOutNs: 0 }]);
  });

  it("keeps as many as it may and counts the rest", () => {
    const recorder = new BrokerMarkRecorder(10_000);
    for (let i = 0; i < 10_003; i++) pass(recorder, `r${i}`, i * 10);
    const { marks, missed } = recorder.take();
    expect(marks).toHaveLength(10_000);
    expect(marks.at(-1)).toMatchObject({ requestId: "r9999", requestInNs: 99_990, responseOutNs: 99_993 });
    expect(missed).toBe(3);
  });

  it("passes over what is no request or answer, and an answer to nothing", () => {
    const recorder = new BrokerMarkRecorder(10);
    recorder.record("oip/v2/servers/s/status", "in", 1);
    recorder.record("oip/v2/models/m/infer", "in", 1);
    recorder.record(responseTopic("c", "r"), "in", 1);
    expect(recorder.take()).toEqual({ marks: [], missed: 0 });
  });
});
