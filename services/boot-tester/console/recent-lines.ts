/** So many lines are remembered, of the end of what was said. */
const remembered = 500
const before = 8
const after = 4
/** Longer lines are cut: a few of them are kept for every check that failed. */
const longestLine = 200

/** The last lines of a console, each with its time, so that a failure can be told with what was said around it. */
export interface RecentLines {
  readonly add: (line: string, seconds: number) => void
  /** The lines about a time; `last` is the one that is not complete yet. */
  readonly around: (seconds: number, last: string) => string[]
}

export function rememberLines(): RecentLines {
  let lines: { readonly line: string; readonly seconds: number }[] = []
  return {
    add(line, seconds) {
      lines.push({ line, seconds })
      if (lines.length > 2 * remembered) lines = lines.slice(-remembered)
    },
    around(seconds, last) {
      const all = lines.at(-1)?.line === last || last === '' ? lines : [...lines, { line: last, seconds: Infinity }]
      const next = all.findIndex((one) => one.seconds > seconds)
      const at = next < 0 ? all.length : next
      return all.slice(Math.max(0, at - before), at + after).map(({ line }) => line.slice(0, longestLine))
    },
  }
}
