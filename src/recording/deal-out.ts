/**
 * A whole number in so many parts that differ by one at most, the larger ones first: 10 in 4 parts is 3, 3, 2, 2.
 * @throws {RangeError} when a part would be 0.
 */
export function dealOut(total: number, parts: number): readonly number[] {
  if (total < parts) throw new RangeError(`${total} cannot be dealt out to ${parts}`);
  return Array.from(
    { length: parts },
    (_, part) => Math.floor(total / parts) + (part < total % parts ? 1 : 0),
  );
}
