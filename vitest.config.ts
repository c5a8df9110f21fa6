import { defineConfig } from "vitest/config";

/** Integration tests in which no time is measured that another test on the same cores would spoil. */
const UNTIMED = [
  "bad-input",
  "bad-models",
  "bench-images",
  "bench-scripts",
  "compare",
  "doctor",
  "foreign-broker",
  "foreign-servers",
  "gpu/*",
  "infer",
  "models",
  "mqtt-serve",
  "relay",
  "requests",
  "serving-*",
  "serving/*",
].map((name) => `test/integration/${name}.test.ts`);

/** Conformance and integration tests run what `tsc` built (dist/): worker threads and child processes are .js entries. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          // Imports JSON without the attribute that Node asks for.
          server: { deps: { inline: [/@actions\/(workflow-parser|expressions)/] } },
        },
      },
      {
        test: {
          name: "conformance",
          include: ["test/conformance/**/*.test.ts"],
          pool: "forks",
          testTimeout: 30_000,
          hookTimeout: 30_000,
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "integration-untimed",
          include: UNTIMED,
          pool: "forks",
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 3,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          exclude: UNTIMED,
          pool: "forks",
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
      {
        // Needs the peers that test/interop/install.sh installs: `npm run test:interop`, no part of `npm test`.
        test: {
          name: "interop",
          include: ["test/interop/**/*.test.ts"],
          pool: "forks",
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          sequence: { groupOrder: 4 },
        },
      },
    ],
    coverage: { provider: "v8", include: ["src/**/*.ts"] },
  },
});
