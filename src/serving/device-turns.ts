/**
 * A lock between the threads of a process: 0 when it is free. ONNX Runtime's WebGPU provider shares one device context among
 * all sessions of a process and crashes when two of them run at once
 * (https://github.com/microsoft/onnxruntime/issues/32561, 27592); CUDA and the CPU need none.
 */
export type DeviceTurns = Int32Array<SharedArrayBuffer>;

/** One for each process; its threads get it with their start data. */
export function createDeviceTurns(): DeviceTurns {
  return new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
}

/**
 * Carries out an action while no other thread, and no other action of this one, does.
 * @param turns - absent: at once.
 */
export async function takeTurn<T>(turns: DeviceTurns | undefined, action: () => Promise<T>): Promise<T> {
  if (turns === undefined) return action();
  await take(turns);
  try {
    return await action();
  } finally {
    Atomics.store(turns, 0, 0);
    Atomics.notify(turns, 0, 1);
  }
}

async function take(turns: DeviceTurns): Promise<void> {
  if (Atomics.compareExchange(turns, 0, 0, 1) === 0) return;
  // Waiting for another thread does not keep this one alive.
  const alive = setInterval(() => {}, 2 ** 30);
  try {
    do {
      await Atomics.waitAsync(turns, 0, 1).value;
    } while (Atomics.compareExchange(turns, 0, 0, 1) !== 0);
  } finally {
    clearInterval(alive);
  }
}
