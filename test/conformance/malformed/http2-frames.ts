import type { Random } from "../../../dist/core/random.js";
import { PREFACE, writeFrame } from "../http2-frames.ts";
import { sendRaw } from "./http-exchange.ts";
import { mutateBytes } from "./mutate.ts";

/** An HTTP/2 connection that ends in the middle of a frame is not ended by Node's server: the client does not wait. */
const SILENCE_MS = 10;

/** SETTINGS, HEADERS (indexed :method POST and :scheme http, literal :path) and DATA of a connection. */
const FRAMES = Buffer.concat([
  writeFrame({ type: 4, flags: 0, stream: 0 }, Buffer.from("000300000064", "hex")),
  writeFrame(
    { type: 1, flags: 4, stream: 1 },
    Buffer.concat([Buffer.from([0x83, 0x86, 0x04, 4]), Buffer.from("/abc")]),
  ),
  writeFrame({ type: 0, flags: 1, stream: 1 }, Buffer.from("0000000000", "hex")),
  writeFrame({ type: 8, flags: 0, stream: 0 }, Buffer.from("00010000", "hex")),
  writeFrame({ type: 6, flags: 0, stream: 0 }, Buffer.alloc(8)),
]);

/** Opens a connection of HTTP/2 whose frames are broken; whatever the server makes of them, it must go on. */
export async function sendBrokenFrames(
  to: { readonly host: string; readonly port: number },
  random: Random,
): Promise<undefined> {
  await sendRaw(to, Buffer.concat([PREFACE, mutateBytes(FRAMES, random)]), SILENCE_MS);
  return undefined;
}
