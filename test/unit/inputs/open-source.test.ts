import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { InputError } from "../../../src/core/errors.ts";
import { writeBag } from "../../../src/inputs/bag-writer.ts";
import {
  cameraInfoTopic,
  compressedImageTopic,
  imageTopic,
} from "../../../src/inputs/message-definitions.ts";
import { openSource } from "../../../src/inputs/open-source.ts";
import { encodeCompressedImageMessage } from "../../../src/inputs/ros-image.ts";
import { encodeImage } from "../../../src/vision/image-codec.ts";
import { resizeRgb } from "../../../src/vision/resize.ts";
import { toRgb } from "../../../src/vision/to-rgb.ts";
import { fileOf, START_NS, smallBag, smallImage, specOf, temporaryFolder } from "./small-bag.ts";

const folder = temporaryFolder();
const smallPath = fileOf(folder, "small.bag", smallBag());

/** Two image topics, one that is none, and one without messages. */
function mixedBag(): Uint8Array {
  const topics = [
    imageTopic("/b/image"),
    imageTopic("/a/empty"),
    imageTopic("/a/image"),
    cameraInfoTopic("/a/info"),
  ];
  const entries = ["/b/image", "/a/info", "/a/image"].map((topic, seq) => ({
    topic,
    recordedNs: START_NS + BigInt(seq),
    data: smallImage(seq),
  }));
  return writeBag({ topics, entries });
}
const mixedPath = fileOf(folder, "mixed.bag", mixedBag());

describe("a bag", () => {
  it("gives its frames with both times, in order", async () => {
    const source = await openSource(specOf(smallPath));
    expect(source.name).toBe("small.bag");
    expect(source.frames).toHaveLength(3);
    expect(source.frames.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(source.frames[1]).toMatchObject({
      widthPx: 4,
      heightPx: 2,
      encoding: "bayer_rggb8",
      stampNs: 1_600_000_001_000_000_005n,
      recordedNs: START_NS + 500_000_000n,
    });
    expect([...source.frames[2]!.data]).toEqual([20, 21, 22, 23, 24, 25, 26, 27]);
    expect(source.frames.every(({ retrieveNs }) => retrieveNs > 0)).toBe(true);
    expect(source.notes).toEqual([
      "topic /cam (sensor_msgs/Image), 3 messages, the bag lasts 1.0 s",
      "3 frames, all held",
      "4×2 bayer_rggb8",
    ]);
  });

  it("reads lz4 and bz2 chunks alike", async () => {
    const plain = await openSource(specOf(smallPath));
    const lz4 = await openSource(specOf(fileOf(folder, "lz4.bag", smallBag("lz4"))));
    const bz2 = await openSource(specOf(join(import.meta.dirname, "fixtures", "small-bz2.bag")));
    const pixels = (source: typeof plain): number[][] => source.frames.map(({ data }) => [...data]);
    expect(pixels(lz4)).toEqual(pixels(plain));
    expect(pixels(bz2)).toEqual(pixels(plain));
  });

  it("takes the first image topic that has messages, and says so", async () => {
    const source = await openSource(specOf(mixedPath));
    expect(source.name).toBe("mixed.bag");
    expect(source.notes[0]).toBe("several image topics (/a/empty, /a/image, /b/image): /a/image was taken");
    expect(source.frames[0]!.data[0]).toBe(20);
  });

  it("takes the topic that was asked for, into its name", async () => {
    const source = await openSource(specOf(mixedPath, { topic: "/b/image" }));
    expect(source.name).toBe("mixed.bag:/b/image");
    expect(source.frames[0]!.data[0]).toBe(0);
  });

  it.each([
    [{ startSec: 0.5 }, [1, 2]],
    [{ durationSec: 0.5 }, [0]],
    [{ startSec: 0.2, durationSec: 0.4 }, [1]],
    [{ startSec: 1, durationSec: 1e300 }, [2]],
    [{ maxFrames: 2 }, [0, 1]],
    [{ maxBytes: 17 }, [0, 1]],
    [{ maxBytes: 1 }, [0]],
  ])("with %j holds the frames %j", async (change, expected) => {
    const source = await openSource(specOf(smallPath, change));
    expect(source.frames.map(({ data }) => data[0]! / 10)).toEqual(expected);
  });

  it("says how many of how many are held", async () => {
    const source = await openSource(specOf(smallPath, { maxFrames: 2 }));
    expect(source.notes[1]).toBe("2 of 3 frames held (0.0 MiB)");
  });

  it("resizes to rgb8, and says so in its name", async () => {
    const own = await openSource(specOf(smallPath));
    const source = await openSource(specOf(smallPath, { size: { widthPx: 3, heightPx: 5 } }));
    expect(source.name).toBe("small.bag@3x5");
    expect(source.frames[0]).toMatchObject({ widthPx: 3, heightPx: 5, encoding: "rgb8" });
    const expected = await resizeRgb(toRgb(own.frames[1]!), own.frames[1]!, { widthPx: 3, heightPx: 5 });
    expect([...source.frames[1]!.data]).toEqual([...expected]);
    expect(source.frames[1]!.stampNs).toBe(own.frames[1]!.stampNs);
  });

  it("keeps a compressed image's bytes unless it is resized", async () => {
    const rgb = Uint8Array.from({ length: 8 * 6 * 3 }, (_, at) => at);
    const png = await encodeImage(rgb, 8, 6, "png");
    const header = { seq: 0, stamp: { sec: 3, nsec: 4 }, frameId: "" };
    const data = encodeCompressedImageMessage({ header, format: "says jpeg, is not", data: png });
    const topics = [compressedImageTopic("/c")];
    const path = fileOf(
      folder,
      "compressed.bag",
      writeBag({ topics, entries: [{ topic: "/c", recordedNs: 9n, data }] }),
    );
    const [frame] = (await openSource(specOf(path))).frames;
    expect(frame).toMatchObject({ encoding: "rgb8", stampNs: 3_000_000_004n, recordedNs: 9n });
    expect(frame!.compressed!.format).toBe("png");
    expect(Buffer.compare(frame!.compressed!.data, png)).toBe(0);
    expect(Buffer.compare(frame!.data, rgb)).toBe(0);
    const [small] = (await openSource(specOf(path, { size: { widthPx: 4, heightPx: 3 } }))).frames;
    expect(small!.compressed).toBeUndefined();
  });

  it.each([
    ["unknown topic", {}, { topic: "/nope" }, "no topic /nope; the image topics: /cam"],
    [
      "no frame in range",
      {},
      { startSec: 5 },
      "no message of /cam in the time from 5 s to the end; the bag lasts 1.000 s",
    ],
    ["encoding", { encoding: "16UC1" }, {}, "message 0 of /cam its encoding '16UC1' is not supported"],
    ["short data", { data: new Uint8Array(7) }, {}, "message 0 of /cam the image has 7 bytes"],
    ["bad start", {}, { startSec: Number.NaN }, "start must be ≥ 0 s, got NaN"],
    ["bad size", {}, { size: { widthPx: 0, heightPx: 3 } }, "the size must be at least 1×1 px, got 0×3"],
  ])("refuses on one line: %s", async (_, image, change, message) => {
    const path = fileOf(folder, "refused.bag", smallBag("none", image));
    const error = await openSource(specOf(path, change)).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InputError);
    expect((error as InputError).message).toContain(`${path}: ${message}`);
    expect((error as InputError).message).not.toContain("\n");
  });

  it("without images lists its topics", async () => {
    const topics = [cameraInfoTopic("/a/info")];
    const entries = [{ topic: "/a/info", recordedNs: 1n, data: new Uint8Array(4) }];
    const path = fileOf(folder, "no-images.bag", writeBag({ topics, entries }));
    await expect(openSource(specOf(path))).rejects.toThrow(
      `${path}: no images in this bag; its topics: /a/info (sensor_msgs/CameraInfo)`,
    );
    await expect(openSource(specOf(mixedPath, { topic: "/a/info" }))).rejects.toThrow(
      "topic /a/info is sensor_msgs/CameraInfo, no image; the image topics: /a/empty, /a/image, /b/image",
    );
  });

  it("refuses an image type of another layout", async () => {
    const topics = [{ ...imageTopic("/cam"), md5: "0".repeat(32) }];
    const path = fileOf(folder, "layout.bag", writeBag({ topics, entries: [] }));
    await expect(openSource(specOf(path))).rejects.toThrow(/unknown layout/);
  });
});

describe("images", () => {
  it("come from one file, with its bytes", async () => {
    const rgb = Uint8Array.from({ length: 5 * 4 * 3 }, (_, at) => at * 4);
    const png = await encodeImage(rgb, 5, 4, "png");
    const path = fileOf(folder, "one.png", png);
    const source = await openSource(specOf(path));
    expect(source).toMatchObject({ name: "one.png", notes: ["1 frame, all held", "5×4 rgb8"] });
    expect(source.frames).toMatchObject([
      { widthPx: 5, heightPx: 4, encoding: "rgb8", index: 0, stampNs: undefined },
    ]);
    expect(Buffer.compare(source.frames[0]!.data, rgb)).toBe(0);
    expect(source.frames[0]!.compressed).toMatchObject({ format: "png" });
  });

  it("come from a folder in natural order, other files left out", async () => {
    const pictures = join(folder, "pictures");
    mkdirSync(join(pictures, "more.png"), { recursive: true });
    for (const [name, value] of [
      ["10.PNG", 10],
      ["9.jpeg", 9],
      ["2.jpg", 2],
      ["notes.txt", 0],
    ] as const) {
      const rgb = new Uint8Array(16 * 16 * 3).fill(value);
      fileOf(pictures, name, await encodeImage(rgb, 16, 16, name.endsWith("PNG") ? "png" : "jpeg"));
    }
    const source = await openSource(specOf(pictures));
    expect(source.name).toBe("pictures");
    expect(source.frames.map(({ data }) => data[0])).toEqual([2, 9, 10]);
    expect(source.frames.map(({ compressed }) => compressed?.format)).toEqual(["jpeg", "jpeg", "png"]);
  });

  it("refuse a missing file, an empty folder, a damaged picture, something else", async () => {
    const missing = join(folder, "missing.bag");
    await expect(openSource(specOf(missing))).rejects.toThrow(`${missing}: there is no such file or folder`);
    const empty = join(folder, "empty");
    mkdirSync(empty);
    fileOf(empty, "x.bag", new Uint8Array(1));
    await expect(openSource(specOf(empty))).rejects.toThrow(
      `${empty}: no .jpg, .jpeg or .png file is in this folder (1 files); it has 1 bag: name one`,
    );
    const jpeg = await encodeImage(new Uint8Array(64 * 64 * 3).fill(50), 64, 64, "jpeg");
    const cut = fileOf(folder, "cut.jpg", jpeg.subarray(0, jpeg.length - 30));
    await expect(openSource(specOf(cut))).rejects.toThrow(`${cut}: a damaged JPEG of`);
    const text = fileOf(folder, "readme.txt", Buffer.from("hello, not a bag"));
    await expect(openSource(specOf(text))).rejects.toThrow(
      `${text} is not a ROS 1 bag: it begins with the bytes 68656c6c6f2c206e`,
    );
    await expect(openSource(specOf(fileOf(folder, "nothing", new Uint8Array(0))))).rejects.toThrow(
      "it is empty",
    );
  });
});

describe("synthetic", () => {
  it("bytes are one row of mono8, the same for the same seed", async () => {
    const one = await openSource(specOf("synthetic", { synthetic: { kind: "bytes", bytes: 1024 } }));
    const same = await openSource(specOf("synthetic", { synthetic: { kind: "bytes", bytes: 1024 } }));
    const other = await openSource(
      specOf("synthetic", { synthetic: { kind: "bytes", bytes: 1024 }, seed: 2 }),
    );
    expect(one.name).toBe("synthetic");
    expect(one.frames).toHaveLength(4);
    expect(one.frames[0]).toMatchObject({ widthPx: 1024, heightPx: 1, encoding: "mono8", retrieveNs: 0 });
    expect(one.frames[0]!.data.byteLength).toBe(1024);
    expect(new Set(one.frames[0]!.data).size).toBeGreaterThan(200);
    expect(one.frames[3]!.data).toEqual(same.frames[3]!.data);
    expect(one.frames[0]!.data).not.toEqual(one.frames[1]!.data);
    expect(one.frames[0]!.data).not.toEqual(other.frames[0]!.data);
  });

  it("bytes need not be a multiple of four", async () => {
    const source = await openSource(specOf("synthetic", { synthetic: { kind: "bytes", bytes: 5 } }));
    expect(source.name).toBe("synthetic@5");
    expect(source.frames[0]!.data.byteLength).toBe(5);
  });

  it("scenes move, are rgb8, and are rendered at the asked size", async () => {
    const synthetic = { kind: "scene", widthPx: 160, heightPx: 100 } as const;
    const source = await openSource(specOf("synthetic", { synthetic, size: { widthPx: 81, heightPx: 51 } }));
    expect(source.name).toBe("synthetic@81x51");
    expect(source.frames).toHaveLength(4);
    expect(source.frames[0]).toMatchObject({ widthPx: 81, heightPx: 51, encoding: "rgb8" });
    expect(source.frames[0]!.data).not.toEqual(source.frames[1]!.data);
  });

  it("refuses what only a bag has", async () => {
    await expect(openSource(specOf("synthetic", { topic: "/x" }))).rejects.toThrow(InputError);
    await expect(openSource(specOf("synthetic", { durationSec: 1 }))).rejects.toThrow(InputError);
    await expect(
      openSource(specOf(fileOf(folder, "z.png", new Uint8Array(3)), { topic: "/x" })),
    ).rejects.toThrow("has no topics, but topic /x was asked for");
  });
});
