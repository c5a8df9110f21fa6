import { describe, expect, it } from "vitest";
import { type BagFile, openBag } from "../../../src/inputs/bag-file.ts";
import { bagHeaderBlock, writeBag } from "../../../src/inputs/bag-writer.ts";
import { cameraInfoTopic, imageTopic } from "../../../src/inputs/message-definitions.ts";
import { fileOf, START_NS, smallBag, smallImage, temporaryFolder } from "./small-bag.ts";

const folder = temporaryFolder();

async function messagesOf(
  bag: BagFile,
  topic: string,
  fromNs?: bigint,
): Promise<(readonly [bigint, string])[]> {
  const found: (readonly [bigint, string])[] = [];
  for await (const { recordedNs, data } of bag.messages(topic, fromNs)) {
    found.push([recordedNs - START_NS, Buffer.from(data).toString("hex")]);
  }
  return found;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

describe("writeBag", () => {
  it("writes the bag header as the golden bytes, padded to 4104", () => {
    const golden =
      "040000006f703d0312000000696e6465785f706f733d00000000000000000f000000636f6e6e5f636f756e743d00000000" +
      "100000006368756e6b5f636f756e743d00000000";
    expect(hex(bagHeaderBlock(0, 0, 0))).toBe(golden);
    const bag = Buffer.from(smallBag());
    expect(bag.subarray(0, 13).toString()).toBe("#ROSBAG V2.0\n");
    expect(bag.readUInt32LE(13)).toBe(69);
    expect(bag.readUInt32LE(13 + 4 + 69)).toBe(4027);
    expect(bag.subarray(4100, 4117).toString()).toBe(" ".repeat(17));
    // The first chunk begins right behind it: a header with op 5.
    expect(bag.subarray(4121, 4129).toString("latin1")).toBe("\x04\0\0\0op=\x05");
  });

  it.each(["none", "lz4"] as const)(
    "is read back message by message (%s), in many chunks",
    async (compression) => {
      const entries = Array.from({ length: 20 }, (_, seq) => ({
        topic: seq % 3 === 0 ? "/info" : "/cam",
        recordedNs: START_NS + BigInt(seq) * 7n,
        data: smallImage(seq),
      }));
      const topics = [imageTopic("/cam"), cameraInfoTopic("/info")];
      const bytes = writeBag({ topics, entries, compression, chunkBytes: 300 });
      const bag = await openBag(fileOf(folder, `many-${compression}.bag`, bytes));
      try {
        expect(bag.chunkPositions.length).toBeGreaterThan(5);
        expect(bag.chunkPositions[0]).toBe(4117);
        expect(bag.span).toEqual({ startNs: START_NS, endNs: START_NS + 133n });
        expect(bag.connections).toMatchObject([
          { topic: "/cam", type: "sensor_msgs/Image", messages: 13 },
          { topic: "/info", type: "sensor_msgs/CameraInfo", messages: 7 },
        ]);
        const expected = entries.map(
          ({ topic, recordedNs, data }) => [topic, recordedNs - START_NS, hex(data)] as const,
        );
        const cam = expected.filter(([topic]) => topic === "/cam").map(([, ...rest]) => rest);
        expect(await messagesOf(bag, "/cam")).toEqual(cam);
        const late = cam.filter(([after]) => after >= 70n);
        expect(await messagesOf(bag, "/cam", START_NS + 70n)).toEqual(late);
      } finally {
        await bag.close();
      }
    },
  );

  it("gives the same bytes for the same options", () => {
    expect(Buffer.compare(smallBag("lz4"), smallBag("lz4"))).toBe(0);
  });

  it("refuses an entry of an unknown topic", () => {
    const entries = [{ topic: "/other", recordedNs: 1n, data: new Uint8Array(1) }];
    expect(() => writeBag({ topics: [imageTopic("/cam")], entries })).toThrow(/topic \/other/);
  });
});
