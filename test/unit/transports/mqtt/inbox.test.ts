import type { IPublishPacket } from "mqtt";
import { expect, test } from "vitest";
import { encodeInferResponse, joinParts } from "../../../../src/core/oip/protobuf.ts";
import { createMarks } from "../../../../src/core/transport.ts";
import { Directory } from "../../../../src/transports/mqtt/directory.ts";
import { Inbox } from "../../../../src/transports/mqtt/inbox.ts";
import { responseTopic } from "../../../../src/transports/mqtt/topics.ts";

function openInbox() {
  const inbox = new Inbox(new Directory("mqtt://b:1883"), 1_000_000);
  const arrive = (id: string): void => {
    const payload = Buffer.from(
      joinParts(encodeInferResponse({ modelName: "m", modelVersion: "1", id, outputs: [] })),
    );
    inbox.onMessage(responseTopic("c", id), payload, { cmd: "publish" } as IPublishPacket);
  };
  const ask = (id: string) =>
    inbox.pending.add(id, { marks: createMarks(), signal: undefined, deadlineMs: 9_000, leftMs: 9_000 });
  return { inbox, arrive, ask };
}

test("an answer that comes again is counted, and changes nothing else", async () => {
  const { inbox, arrive, ask } = openInbox();
  const answer = ask("r-1");
  arrive("r-1");
  expect((await answer).id).toBe("r-1");
  expect(inbox.duplicateAnswers).toBe(0);
  arrive("r-1");
  arrive("r-1");
  expect(inbox.duplicateAnswers).toBe(2);
});

test("an answer that nobody asked for is no duplicate", () => {
  const { inbox, arrive } = openInbox();
  arrive("of somebody else");
  expect(inbox.duplicateAnswers).toBe(0);
});

test("the ids that were answered last are remembered, not all", async () => {
  const { inbox, arrive, ask } = openInbox();
  for (let index = 0; index < 10_000; index += 1) {
    const answer = ask(`r-${index}`);
    arrive(`r-${index}`);
    await answer;
  }
  arrive("r-9999");
  arrive("r-5904");
  expect(inbox.duplicateAnswers).toBe(2);
  arrive("r-1");
  expect(inbox.duplicateAnswers).toBe(2);
});
