/** ROS 1's time: two unsigned 32-bit numbers, seconds since the epoch and nanoseconds of the second. */
export interface RosTime {
  readonly sec: number;
  readonly nsec: number;
}

/** Nanoseconds since the epoch. */
export function toNs({ sec, nsec }: RosTime): bigint {
  return BigInt(sec) * 1_000_000_000n + BigInt(nsec);
}

/** The same instant as seconds and nanoseconds. `ns` must lie in ROS 1's range: 1970 to 2106. */
export function timeOf(ns: bigint): RosTime {
  return { sec: Number(ns / 1_000_000_000n), nsec: Number(ns % 1_000_000_000n) };
}
