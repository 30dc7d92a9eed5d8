/** What of a console's end is new to somebody who has seen an earlier end of it; all when nothing of it is known. */
export function newOutput(seen: string, output: string): string {
  if (output.startsWith(seen)) return output.slice(seen.length)
  // Nova gives the last 100 KiB: the known end is somewhere before the new.
  const known = seen.slice(-longestMemory)
  const at = output.lastIndexOf(known)
  return at === -1 ? output : output.slice(at + known.length)
}

const longestMemory = 2_000
