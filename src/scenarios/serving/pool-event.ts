/** What happens to the processes of a pool. */
export type PoolEvent =
  | {
      readonly kind: "ended";
      readonly worker: number;
      readonly pid: number | undefined;
      /** e.g. `was killed (SIGKILL)`. */
      readonly how: string;
      readonly delayMs: number;
    }
  | {
      /** In the place of one that ended, while others serve; it is tried again. */
      readonly kind: "not-started";
      readonly worker: number;
      readonly why: string;
      readonly delayMs: number;
    }
  | {
      readonly kind: "replaced";
      readonly worker: number;
      readonly pid: number | undefined;
    };
