import { readFileSync } from "node:fs";
import { createRandom, type Random } from "../../../dist/core/random.js";
import { median } from "../../../dist/recording/statistics/median.js";
import { childrenOf } from "../../integration/wirebench.ts";

/** One way to attack a listener. */
export interface Attacker {
  /**
   * Sends one malformed request and waits until the server is done with it.
   *
   * @returns what the server did wrong; `undefined`: nothing.
   */
  malformed(random: Random): Promise<string | undefined>;
  /** Sends a good request. @throws when the answer is not the right one. */
  valid(): Promise<void>;
  close(): Promise<void>;
}

/** What became of an attack. */
export interface AttackResult {
  readonly requests: number;
  /** The first ones, with the number of the request that brings them about again. */
  readonly problems: readonly string[];
  /** Resident memory of the serving processes after each hundred requests, MiB. */
  readonly memoryMib: readonly number[];
}

const SEED = 20_261_121;
/** A good request after each so many malformed ones. */
const BETWEEN = 100;
const MOST_PROBLEMS = 10;
/** No malformed request takes a server so long. */
const HANG_MS = 10_000;

/**
 * Sends malformed requests one after another, each made from the seed and its number alone.
 *
 * @param servePid - the process whose children serve.
 */
export async function attack(
  attacker: Attacker,
  { requests, servePid }: { readonly requests: number; readonly servePid: number | undefined },
): Promise<AttackResult> {
  const problems: string[] = [];
  const memoryMib: number[] = [];
  for (let number = 0; number < requests && problems.length < MOST_PROBLEMS; number++) {
    const problem = await settled(() => attacker.malformed(createRandom(SEED + number)));
    if (problem !== undefined) problems.push(`request ${number}: ${problem}`);
    if ((number + 1) % BETWEEN !== 0) continue;
    const broken = await settled(async () => {
      await attacker.valid();
      return undefined;
    });
    if (broken !== undefined) problems.push(`a valid request after number ${number}: ${broken}`);
    memoryMib.push(residentMib(servePid));
  }
  return { requests, problems, memoryMib };
}

/** How much more memory is used at the end than once the attack had warmed the server up, MiB. */
export function growthMib({ memoryMib }: AttackResult): number {
  const quarter = Math.floor(memoryMib.length / 4);
  return median(memoryMib.slice(-quarter)) - median(memoryMib.slice(quarter, 2 * quarter));
}

async function settled(send: () => Promise<string | undefined>): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const hang = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no end within ${HANG_MS} ms`), HANG_MS);
  });
  try {
    return await Promise.race([send(), hang]);
  } catch (reason) {
    return reason instanceof Error ? reason.message : String(reason);
  } finally {
    clearTimeout(timer);
  }
}

function residentMib(servePid: number | undefined): number {
  let kib = 0;
  for (const { pid } of childrenOf(servePid)) {
    try {
      kib += Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
    } catch {
      // A child that ended between the two looks.
    }
  }
  return kib / 1_024;
}
