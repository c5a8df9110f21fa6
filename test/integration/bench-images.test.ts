import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readCsv, run, temporaryFolder } from "./wirebench.ts";

/** The main job: frames of a bag through a segmentation net. */
describe("bench on camera frames", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let bag: string;
  beforeAll(async () => {
    folder = await temporaryFolder();
    bag = join(folder.path, "street.bag");
    const made = await run(["bags", "make", "--out", bag, "--frames", "2"]);
    expect(made.code, made.stderr).toBe(0);
  });
  afterAll(() => folder.remove());

  it("gives the same masks over every transport, encoding and placement", async () => {
    const ended = await run([
      ...["bench", "--out", folder.path, "--repository", join(folder.path, "models"), "--input", bag],
      ...["--encoding", "binary,bayer,png,jpeg", "--placement", "server,client"],
      ...["--requests", "2", "--warmup", "0", "--repetitions", "1"],
    ]);
    expect(ended.code, ended.stderr + ended.stdout).toBe(0);
    const rows = readCsv(join(ended.stdout.trimEnd().split("\n").at(-1) ?? "", "summary.csv"));
    const found = rows.map((row) =>
      [row["transport"], row["encoding"], row["placement"], row["answer_check"]].join(" "),
    );
    for (const transport of ["local", "http", "grpc", "mqtt"]) {
      expect(found).toContain(`${transport} binary server identical`);
      expect(found).toContain(`${transport} bayer server identical`);
      expect(found).toContain(`${transport} png server identical`);
      expect(found).toContain(`${transport} binary client identical`);
    }
    const jpegs = rows.filter((row) => row["encoding"] === "jpeg");
    expect(jpegs).toHaveLength(4);
    for (const row of jpegs) {
      expect(Number(row["answer_agreement_percent"])).toBeGreaterThan(50);
      expect(Number(row["request_payload_bytes"])).toBeLessThan(600_000);
      expect(row["verdict"]).toBe("VALID");
    }
    const client = rows.find((row) => row["placement"] === "client" && row["transport"] === "grpc") ?? {};
    expect(Number(client["stage_client_preprocess_mean_ms"])).toBeGreaterThan(0);
    expect(Number(client["stage_client_postprocess_mean_ms"])).toBeGreaterThan(0);
  });
});
