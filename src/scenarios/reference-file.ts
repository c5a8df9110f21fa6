import { readFile, writeFile } from "node:fs/promises";
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
