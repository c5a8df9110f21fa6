import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startWorkerCalls } from "../../../dist/serving/worker-calls.js";

type Call =
  | { readonly kind: "echo"; readonly value: number }
  | { readonly kind: "die" }
  | { readonly kind: "throw" };

let dir: string;
let entry: URL;

beforeAll(() => {
  dir = mkdtempSync(path.join(tmpdir(), "wirebench-worker-"));
  const service = new URL("../../../dist/serving/worker-service.js", import.meta.url);
  const file = path.join(dir, "worker.mjs");
  writeFileSync(
    file,
    `import { workerData } from "node:worker_threads";
     import { runWorkerService } from ${JSON.stringify(service.href)};
     await runWorkerService(async () => {
       if (workerData === "refuse") throw new Error("cannot\\n  start");
       if (workerData === "die") process.exit(3);
       return {
         ready: "here",
         async handle(call) {
           if (call.kind === "die") process.exit(7);
           if (call.kind === "throw") throw new Error("no");
           await new Promise((resolve) => setTimeout(resolve, 20));
           return { answer: call.value, buffers: [] };
         },
         release: async () => {},
       };
     });`,
  );
  entry = pathToFileURL(file);
});
afterAll(() => {
  rmSync(dir, { recursive: true, force: true });
});

const start = (workerData: string, onDeath?: (message: string) => void) =>
  startWorkerCalls<Call, number, string>({ entry, workerData, what: "the worker", onDeath });

it("answers overlapping calls, keeps errors apart, and close waits for what is in flight", async () => {
  const worker = await start("run");
  expect(worker.ready).toBe("here");
  const calls = [1, 2, 3].map((value) => worker.call({ kind: "echo", value }, []));
  await expect(worker.call({ kind: "throw" }, [])).rejects.toMatchObject({
    code: "ERR_SERVING",
    message: "no",
  });
  await worker.close();
  expect(await Promise.all(calls)).toEqual([1, 2, 3]);
  await expect(worker.call({ kind: "echo", value: 1 }, [])).rejects.toMatchObject({ status: "UNAVAILABLE" });
  await worker.close();
});

it("a worker that dies fails its calls and says so once; nothing hangs", async () => {
  const deaths: string[] = [];
  const worker = await start("run", (message) => deaths.push(message));
  const calls = [worker.call({ kind: "echo", value: 1 }, []), worker.call({ kind: "die" }, [])];
  for (const outcome of await Promise.allSettled(calls)) {
    expect(outcome).toMatchObject({ status: "rejected", reason: { status: "UNAVAILABLE" } });
  }
  expect(deaths).toEqual(["the worker ended by itself: exit code 7"]);
  await expect(worker.call({ kind: "echo", value: 1 }, [])).rejects.toMatchObject({ status: "UNAVAILABLE" });
  await worker.close();
});

it("a worker that cannot start is one clear error", async () => {
  await expect(start("refuse")).rejects.toMatchObject({ code: "ERR_SERVING", message: "cannot start" });
  await expect(start("die")).rejects.toMatchObject({
    code: "ERR_SERVING",
    message: "the worker ended by itself: exit code 3",
  });
});
