import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CITYSCAPES_PALETTE } from "../../dist/vision/palette.js";
import { runProgram, startProgram } from "../conformance/mosquitto-clients.ts";
import {
  hasMosquitto,
  hasMosquittoClients,
  type MosquittoProcess,
  startMosquitto,
} from "../conformance/mosquitto-process.ts";
import { childrenOf, ROOT, type Running, readCsv, run, start, temporaryFolder } from "./wirebench.ts";

const MISSING =
  hasMosquitto() && hasMosquittoClients() ? "" : " (skipped: apt-get install mosquitto mosquitto-clients)";

/** A photo of a street, where the shared test data is at hand. */
const PHOTO = join(ROOT, "../shared/data/images/aiedge_IMG_0562_1936x1216.jpg");

describe.skipIf(MISSING !== "")(`serve behind the user's broker${MISSING}`, () => {
  let broker: MosquittoProcess;
  let out: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeAll(async () => {
    broker = await startMosquitto();
    out = await temporaryFolder();
  });
  afterAll(async () => {
    await broker.stop();
    await out.remove();
  });

  const serve = async (...args: string[]): Promise<Running> => {
    const server = start(["serve", "--transport", "mqtt", "--broker", broker.url, ...args]);
    await server.wrote("Ctrl-C ends");
    return server;
  };
  const stop = async (server: Running): Promise<void> => {
    server.child.kill("SIGINT");
    const { code, stderr } = await server.ended;
    expect(code, stderr).toBe(0);
  };

  /** Sends a picture until the subscriber, who does not say when it is there, has an answer. */
  const painted = async (file: string): Promise<Buffer> => {
    const vehicle = startProgram("mosquitto_sub", broker.port, [
      ...["-t", "/segmented_images", "-C", "1", "-W", "60", "-N"],
    ]);
    const ended = vehicle.ended.then(() => true);
    while (!(await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 500, false))]))) {
      await runProgram("mosquitto_pub", broker.port, ["-t", "/vehicle_camera", "-f", file]);
    }
    return (await vehicle.ended).stdout;
  };

  it("answers the study's clients: a JPEG in, the painted mask out", async () => {
    const scene = join(out.path, "scene.jpg");
    const noise = { type: "gaussian", mean: 128, sigma: 60 } as const;
    await writeFile(
      scene,
      await sharp({ create: { width: 640, height: 400, channels: 3, background: "#000", noise } })
        .jpeg()
        .toBuffer(),
    );
    const server = await serve("--model", "m1-small", "--study-topics", "--study-answer", "png");
    try {
      const { data, info } = await sharp(await painted(scene))
        .raw()
        .toBuffer({ resolveWithObject: true });
      expect(info).toMatchObject({ width: 968, height: 608, channels: 3 });
      const colours = new Set(CITYSCAPES_PALETTE.map(String));
      const seen = new Set<string>();
      for (let at = 0; at < data.length; at += 3) seen.add(`${data[at]},${data[at + 1]},${data[at + 2]}`);
      expect([...seen].filter((colour) => !colours.has(colour))).toEqual([]);
      const errors = startProgram("mosquitto_sub", broker.port, [
        ...["-t", "/segmented_images/errors", "-C", "1", "-W", "30", "-N"],
      ]);
      await new Promise((resolve) => setTimeout(resolve, 500));
      await runProgram("mosquitto_pub", broker.port, ["-t", "/vehicle_camera", "-m", "no picture"]);
      expect(JSON.parse((await errors.ended).stdout.toString())).toMatchObject({
        status: "INVALID_ARGUMENT",
        message: expect.stringMatching(/neither a JPEG nor a PNG/) as string,
      });
    } finally {
      await stop(server);
    }
    const word = await runProgram("mosquitto_sub", broker.port, [
      ...["-t", "oip/v2/servers/wirebench/status", "-C", "1", "-W", "10", "-N"],
    ]);
    expect(word.toString()).toBe('{"live":false,"ready":false}');
  });

  it.skipIf(!existsSync(PHOTO))("answers a photo with a JPEG (skipped without the shared data)", async () => {
    const server = await serve("--model", "m1-small", "--study-topics");
    try {
      const answer = await painted(PHOTO);
      expect(await sharp(answer).metadata()).toMatchObject({ format: "jpeg", width: 968, height: 608 });
    } finally {
      await stop(server);
    }
  });

  it("of two servers of a group one may be killed under load: what it had is given up, and only that", async () => {
    const servers = [
      await serve("--model", "delay-20ms", "--mqtt-group", "g"),
      await serve("--model", "delay-20ms", "--mqtt-group", "g"),
    ];
    try {
      const bench = run([
        ...["bench", "--url", broker.url, "--model", "delay-20ms", "--input", "synthetic", "--out", out.path],
        ...["--concurrency", "4", "--requests", "400", "--timeout", "2s", "--warmup", "0"],
        ...["--repetitions", "1", "--encoding", "binary"],
      ]);
      // The load is on once answers come.
      await runProgram("mosquitto_sub", broker.port, [
        ...["-t", "oip/v2/clients/#", "-C", "50", "-W", "60", "-F", "%t"],
      ]);
      const [victim] = childrenOf(servers[0]?.child.pid).filter(({ entry }) => entry.endsWith("server.js"));
      process.kill(victim?.pid ?? 0, "SIGKILL");
      const ended = await bench;
      const [row] = readCsv(join(ended.stdout.trimEnd().split("\n").at(-1) ?? "", "summary.csv"));
      expect(row, ended.stdout + ended.stderr).toMatchObject({ requests: "400", transport: "mqtt" });
      const lost = Number(row?.["timed_out"]);
      expect(lost).toBeGreaterThan(0);
      expect(lost).toBeLessThanOrEqual(4);
      expect(Number(row?.["ok"])).toBe(400 - lost);
      expect(row?.["failed"]).toBe("0");
    } finally {
      for (const server of servers) await stop(server);
    }
  });

  it("a worker that comes in another's place takes over its name: no dead one is left on the broker", async () => {
    const server = await serve("--model", "null", "--workers", "2", "--mqtt-group", "places");
    try {
      const [victim] = childrenOf(server.child.pid).filter(({ entry }) => entry.endsWith("server.js"));
      process.kill(victim?.pid ?? 0, "SIGKILL");
      await server.wrote("serves in its place");
      const { stdout } = await startProgram("mosquitto_sub", broker.port, [
        ...["-t", "oip/v2/servers/+/status", "--retained-only", "-W", "2", "-F", "%t %p"],
      ]).ended;
      const words = stdout.toString().split("\n");
      expect(words.filter((word) => word.includes("/places-"))).toEqual([
        expect.stringMatching(/-[12]\/status \{"live":true,"ready":true\}$/),
        expect.stringMatching(/-[12]\/status \{"live":true,"ready":true\}$/),
      ]);
    } finally {
      await stop(server);
    }
  });

  it.each([
    [["--transport", "http", "--mqtt-group", "g"], "--mqtt-group: is for --transport mqtt"],
    [["--transport", "mqtt", "--mqtt-group", "g"], /--mqtt-group: the embedded broker has no shared sub/],
    [["--transport", "mqtt", "--mqtt-group", "a/b"], "--mqtt-group: expected a name without +, # and /"],
    [["--transport", "http", "--study-topics"], "--study-topics: is for --transport mqtt"],
    [
      ["--transport", "mqtt", "--mqtt-port", "0", "--model", "null", "--study-topics"],
      "--study-topics: the model 'null' answers tensors, expected one that answers a mask",
    ],
    [
      ["--transport", "mqtt", "--mqtt-port", "0", "--study-topics", "--palette", "no-such-palette"],
      /palette no-such-palette: cannot be read .*; expected cityscapes, aiedge or an XML file/,
    ],
    [["--transport", "mqtt", "--study-topics", "--study-answer", "gif"], /--study-answer: /],
    [["--transport", "mqtt", "--broker", "mqtt://127.0.0.1:9", "--model", "null"], /cannot be reached/],
  ])("serve %j is one line and exit 2", async (args, message) => {
    const { code, stderr } = await run(["serve", ...args]);
    expect(stderr.trim()).toMatch(message);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(code).toBe(2);
  });
});
