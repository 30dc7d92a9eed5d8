/** The name that somebody most likely meant; null when none is near. */
export function nearest(given: string, names: readonly string[]): string | null {
  const ranked = names
    .map((name) => ({ name, distance: distance(given, name) }))
    .toSorted((one, other) => one.distance - other.distance)
  const [best] = ranked
  if (best !== undefined && best.distance <= Math.max(1, Math.floor(given.length / 3))) return best.name
  // Half a word, as `mig` for `migrate`, when it can only be the one.
  const begun = names.filter((name) => given.length > 1 && name.startsWith(given))
  return begun.length === 1 ? (begun[0] ?? null) : null
}

/** How many letters must be put in, taken out, changed, or swapped with the next (Damerau-Levenshtein). */
function distance(from: string, to: string): number {
  const rows = [Array.from({ length: to.length + 1 }, (_, column) => column)]
  const at = (row: number, column: number) => rows[row]?.[column] ?? Infinity
  for (let row = 1; row <= from.length; row += 1) {
    rows[row] = [row]
    for (let column = 1; column <= to.length; column += 1) {
      const change = from[row - 1] === to[column - 1] ? 0 : 1
      const isSwap = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      rows[row]?.push(
        Math.min(
          at(row - 1, column) + 1,
          at(row, column - 1) + 1,
          at(row - 1, column - 1) + change,
          isSwap ? at(row - 2, column - 2) + 1 : Infinity,
        ),
      )
    }
  }
  return at(from.length, to.length)
}
