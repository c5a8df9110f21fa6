import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readBagInfo } from "../../../src/inputs/bag-info.ts";
import { openSource } from "../../../src/inputs/open-source.ts";
import { specOf } from "./small-bag.ts";

const data = fileURLToPath(new URL("../../../../shared/data/", import.meta.url));
const isAbsent = !existsSync(data);
const bag = (name: string): string => `${data}bags/${name}`;

describe.skipIf(isAbsent)(`real recordings${isAbsent ? ` (skipped: ${data} is absent)` : ""}`, () => {
  it("a Bayer street frame of 1936×1216", async () => {
    const source = await openSource(specOf(bag("aiedge_bayer_rggb8_1936x1216.bag")));
    expect(source.frames).toMatchObject([{ widthPx: 1936, heightPx: 1216, encoding: "bayer_rggb8" }]);
    expect(source.frames[0]!.data.byteLength).toBe(2_354_176);
  });

  it("a mono8 frame among 42 topics", async () => {
    const source = await openSource(specOf(bag("astrobee_2021-04-01_SN003_bumble_sample.bag")));
    expect(source.frames).toMatchObject([{ widthPx: 1280, heightPx: 960, encoding: "mono8" }]);
    expect(source.notes[0]).toContain(
      "topic /mgt/img_sampler/nav_cam/image_record (sensor_msgs/Image), 1 message",
    );
  });

  it("a JPEG in a CompressedImage, kept as it is", async () => {
    const [frame] = (await openSource(specOf(bag("fiducials_aruco_images.bag")))).frames;
    expect(frame).toMatchObject({ widthPx: 1280, heightPx: 960, encoding: "rgb8" });
    expect(frame!.compressed!.format).toBe("jpeg");
    expect([...frame!.compressed!.data.subarray(0, 2)]).toEqual([0xff, 0xd8]);
  });

  it("a PNG and an rgb8 image in one bag", async () => {
    const png = await openSource(specOf(bag("ros_numpy_test.bag")));
    expect(png.notes[0]).toContain("/compressedimage was taken");
    expect(png.frames[0]!.compressed!.format).toBe("png");
    const rgb = await openSource(specOf(bag("ros_numpy_test.bag"), { topic: "/image" }));
    expect(rgb.frames).toMatchObject([{ widthPx: 360, heightPx: 240, encoding: "rgb8" }]);
  });

  it.each(["foxglove_example.bag", "foxglove_example-lz4.bag", "foxglove_example-bz2.bag"])(
    "%s opens and has no images",
    async (name) => {
      await expect(openSource(specOf(bag(name)))).rejects.toThrow(
        /no images in this bag; its topics: .*\(tf\/tfMessage\)/,
      );
      const info = await readBagInfo(bag(name));
      expect(info).toMatchObject({ messages: 8647, chunks: 1 });
      expect(info.compressions).toEqual([name.match(/lz4|bz2/)?.[0] ?? "none"]);
    },
  );

  it.each([
    ["rerun_rosbag2_2025_09_10-13_03_56_0.mcap", "is an MCAP file"],
    ["ros2bag_tools_images_0.db3", "is an SQLite file"],
  ])("%s is named for what it is", async (name, what) => {
    await expect(openSource(specOf(bag(name)))).rejects.toThrow(what);
  });

  it("a folder of photographs", async () => {
    const source = await openSource(specOf(`${data}images`));
    expect(source.frames).toHaveLength(6);
    expect(source.frames[0]).toMatchObject({ widthPx: 1936, heightPx: 1216 });
  });
});
