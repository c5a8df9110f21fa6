/** A column of a table for the terminal. */
export interface TextColumn {
  readonly heading: string;
  readonly cells: readonly string[];
  readonly align: "left" | "right";
  /** Cells may be cut to so many characters (with `…`) before columns are left out, and further after; absent: never. */
  readonly least?: number | undefined;
  /** Left out, the last one first, where cutting is not enough. */
  readonly optional?: boolean | undefined;
}

const GAP = 2;
/** Where nothing can be left out any more, cells are cut to so many characters. */
const SHORTEST = 4;

/** Lines of at most `width` characters: headings, then the rows. */
export function textTable(columns: readonly TextColumn[], width: number): readonly string[] {
  const shown = [...columns];
  const widths = (): number[] =>
    shown.map(({ heading, cells }) => Math.max(...[heading, ...cells].map((text) => text.length)));
  const total = (sizes: readonly number[]): number =>
    sizes.reduce((sum, size) => sum + size, 0) + GAP * (sizes.length - 1);
  for (;;) {
    const sizes = widths();
    const floorAt = (shortest: number): number[] =>
      shown.map(({ least }, index) =>
        least === undefined ? (sizes[index] ?? 0) : Math.min(sizes[index] ?? 0, least, shortest),
      );
    let floor = floorAt(Number.POSITIVE_INFINITY);
    if (total(floor) > width) {
      const last = shown.findLastIndex(({ optional }) => optional === true);
      if (last >= 0) {
        shown.splice(last, 1);
        continue;
      }
      floor = floorAt(SHORTEST);
    }
    while (total(sizes) > width) {
      const spare = sizes.map((size, index) => size - (floor[index] ?? size));
      const widest = spare.indexOf(Math.max(...spare));
      if ((spare[widest] ?? 0) <= 0) break;
      sizes[widest] = (sizes[widest] ?? 0) - 1;
    }
    const line = (texts: readonly string[]): string =>
      texts
        .map((text, index) => {
          const size = sizes[index] ?? 0;
          const cut = text.length > size ? `${text.slice(0, size - 1)}…` : text;
          return shown[index]?.align === "right" ? cut.padStart(size) : cut.padEnd(size);
        })
        .join(" ".repeat(GAP))
        .trimEnd();
    const rows = shown[0]?.cells.length ?? 0;
    return [
      line(shown.map(({ heading }) => heading)),
      ...Array.from({ length: rows }, (_, row) => line(shown.map(({ cells }) => cells[row] ?? ""))),
    ];
  }
}

/** Breaks a text into lines of at most `width` characters at its spaces; the second and further ones are indented. */
export function wrapText(text: string, width: number, indent = ""): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = indent + word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
