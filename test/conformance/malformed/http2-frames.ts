import type { Random } from "../../../dist/core/random.js";
import { sendRaw } from "./http-exchange.ts";
import { mutateBytes } from "./mutate.ts";

const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");
/** An HTTP/2 connection that ends in the middle of a frame is not ended by Node's server: the client does not wait. */
const SILENCE_MS = 10;

/** SETTINGS, HEADERS (indexed :method POST and :scheme http, literal :path) and DATA of a connection. */
const FRAMES = Buffer.concat([
  frame(4, 0, 0, Buffer.from("000300000064", "hex")),
  frame(1, 4, 1, Buffer.concat([Buffer.from([0x83, 0x86, 0x04, 4]), Buffer.from("/abc")])),
  frame(0, 1, 1, Buffer.from("0000000000", "hex")),
  frame(8, 0, 0, Buffer.from("00010000", "hex")),
  frame(6, 0, 0, Buffer.alloc(8)),
]);

/** Opens a connection of HTTP/2 whose frames are broken; whatever the server makes of them, it must go on. */
export async function sendBrokenFrames(
  to: { readonly host: string; readonly port: number },
  random: Random,
): Promise<undefined> {
  await sendRaw(to, Buffer.concat([PREFACE, mutateBytes(FRAMES, random)]), SILENCE_MS);
  return undefined;
}

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}
