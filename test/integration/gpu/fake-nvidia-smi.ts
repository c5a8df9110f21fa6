import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

/**
 * Writes an `nvidia-smi` of one GPU: `Made GPU`, driver 580.1; with `-lms` a line every 50 ms, of which each third is
 * `[N/A]` and every one after the first begins in the middle of a write.
 */
export function writeFakeNvidiaSmi(dir: string): void {
  mkdirSync(dir, { recursive: true });
  const file = path.join(dir, "nvidia-smi");
  writeFileSync(
    file,
    `#!/bin/sh
case "$*" in
  *name,driver_version*) echo "Made GPU, 580.1"; exit 0 ;;
  *-lms*) ;;
  *) exit 2 ;;
esac
while true; do
  echo "1000, 50, 250.50"
  printf '1000, '; echo "50, 250.50"
  echo "[N/A], [N/A], [Not Supported]"
  sleep 0.05
done
`,
  );
  chmodSync(file, 0o755);
}
