import type { BenchConfig } from "../../src/config/bench-schema.ts";

/**
 * The vehicle-cloud study's question as one matrix: its four nets, its two placements, every transport, on the CPU. What the
 * study set side by side (MQTT with JPEG and the work in the cloud, REST with numbers and the work in the vehicle) are two of
 * these cells; the others are what lies between them. See vehicle-cloud.md.
 */
export default {
  name: "vehicle-cloud",
  // The relay gives HTTP the hop that MQTT's broker is.
  transport: ["local", "http", "http-relay", "grpc", "mqtt"],
  encoding: "binary",
  placement: ["server", "client"],
  model: ["m1-small", "m1-large", "m2", "m3"],
  device: "cpu",
  input: "../../rosbag-samples/street.bag",
  // Two frames: every answer is compared with a reference run, which takes seconds a frame for the large nets.
  length: "150ms",
  scenario: "closed-loop",
  concurrency: 1,
  tuning: "tuned",
  also: [
    { transport: "http", encoding: "json" },
    { transport: ["http", "grpc", "mqtt"], encoding: "jpeg", placement: "server" },
  ],
  // Until both are met: the small nets answer often within the time, the large ones at least so many times.
  duration: "3s",
  requests: 3,
  warmup: "1s",
  timeout: "60s",
  repetitions: 1,
} satisfies BenchConfig;
