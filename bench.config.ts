import type { BenchConfig } from "./src/config/bench-schema.ts";

/**
 * The default matrix: the same frames of the sample bag through the same net, over every transport. It ends within
 * three minutes on two cores. Every name here is also an option of `npm run bench`, which replaces it.
 */
export default {
  name: "default",
  transport: ["local", "http", "grpc", "mqtt"],
  encoding: ["json", "binary"],
  placement: "server",
  model: "m1-small",
  device: "cpu",
  input: "rosbag-samples/street.bag",
  scenario: "closed-loop",
  concurrency: 1,
  tuning: "tuned",
  duration: "1.5s",
  warmup: "auto",
  repetitions: 4,
  // Frames take a run more for each cell: --wire-bytes frames.
  wireBytes: "payload",
} satisfies BenchConfig;
