import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { writeTinyModels } from "./serving/tiny-models.ts";
import { start } from "./wirebench.ts";

it("serve says once what it passes over of a repository's configurations, at the start and at a load", async () => {
  const models = writeTinyModels();
  const configure = (name: string, config: object): void =>
    writeFileSync(path.join(models.dir, name, "config.json"), JSON.stringify(config));
  try {
    for (const name of ["broken", "slow"]) rmSync(path.join(models.dir, name), { recursive: true });
    configure("double", { max_batch_size: 4, optimization: { graph: { level: 1 } } });
    const ports = ["--http-port", "0", "--grpc-port", "0"];
    const server = start(["serve", ...ports, "--model-repository", models.dir, "--workers", "2"]);
    await server.wrote("Ctrl-C ends");
    const [http = ""] = server.stdout().trim().split("\n");
    configure("classes", { metric_tags: { a: "b" } });
    const load = await fetch(`${http}/v2/repository/models/classes/load`, { method: "POST", body: "{}" });
    expect(load.status).toBe(200);
    await server.wrote("metric_tags");
    server.child.kill("SIGTERM");
    const { code, stderr } = await server.ended;
    expect(code, stderr).toBe(0);
    const said = stderr.split("\n").filter((line) => line.includes("passed over"));
    expect(said).toEqual([
      `${path.join(models.dir, "double", "config.json")}: passed over: optimization`,
      `${path.join(models.dir, "classes", "config.json")}: passed over: metric_tags`,
    ]);
  } finally {
    models.remove();
  }
});
