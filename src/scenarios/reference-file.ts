import { existsSync } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";
import { deserialize, serialize } from "node:v8";
import type { ReferenceAnswers } from "./answers.ts";

/** Keeps the reference answers for the generators of a bench; they read the file back. */
export async function writeReference(path: string, answers: ReferenceAnswers): Promise<void> {
  await writeFile(path, serialize(answers));
}

/** The answers that `writeReference` kept. */
export async function readReference(path: string): Promise<ReferenceAnswers> {
  return deserialize(await readFile(path)) as ReferenceAnswers;
}

/** The answers that a bench has learned so far; none before its first run. */
export async function readLearned(path: string): Promise<ReferenceAnswers> {
  return existsSync(path) ? readReference(path) : [];
}

/** Keeps what has been learned, whole or not at all: a run may be ended while it writes. */
export async function writeLearned(path: string, answers: ReferenceAnswers): Promise<void> {
  await writeReference(`${path}.new`, answers);
  await rename(`${path}.new`, path);
}
