import type { Frame, Pixels } from "../core/frame.ts";

/** A frame as its source gives it, before resizing and counting. */
export interface FoundFrame {
  readonly pixels: Pixels;
  readonly stampNs?: bigint | undefined;
  readonly recordedNs?: bigint | undefined;
  readonly compressed?: Frame["compressed"];
}

/** What a kind of input gives to `openSource`, which then holds as many of the frames as may be held. */
export interface FrameListing {
  /** Without the size: file name without folder, `:topic` if one was chosen. */
  readonly name: string;
  readonly notes: readonly string[];
  /** Frames that the input has, where that is known without reading them all. */
  readonly total: number | undefined;
  /** Whether getting a frame is worth timing: reading and decoding is, making it up is not. */
  readonly isRetrieved: boolean;
  /** Each frame is read when it is asked for. @throws {InputError} */
  frames(): AsyncGenerator<FoundFrame, void, undefined>;
  /** Releases what is open. */
  close(): Promise<void>;
}
