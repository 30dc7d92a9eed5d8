import { StringDecoder } from 'node:string_decoder'
import { stripVTControlCharacters } from 'node:util'
import { deadEnds } from '#publishing/dead-ends.ts'
import { phases, type Phase } from './phases.ts'

/** When a line was seen, in seconds after power-on. */
export interface Sighting {
  readonly line: string
  readonly seconds: number
  readonly match: RegExpExecArray
}

interface ConsoleEvents {
  readonly onPhase?: (phase: Phase) => void
  /** A line is complete. */
  readonly onLine?: (line: string) => void
  /** The guest has said that it gives up. */
  readonly onDeadEnd?: (line: string) => void
  readonly seconds: () => number
}

/** What a guest says on its serial console, followed line by line as it comes. */
export interface Console {
  /** Takes the next bytes. */
  readonly write: (bytes: Buffer) => void
  /** Resolves when a line has matched, or at once if one has. A line counts before it is complete: prompts never are. */
  readonly seen: (pattern: RegExp) => Promise<Sighting>
  /** What `seen` has found until now. */
  readonly found: (pattern: RegExp) => Sighting | null
  /** The last line that says something. */
  readonly lastLine: () => string
}

interface Watched {
  readonly pattern: RegExp
  sighting: Sighting | null
  readonly resolve: (sighting: Sighting) => void
  readonly promise: Promise<Sighting>
}

/** Longer lines are looked at in part: a guest must not be able to keep our patterns busy. */
const longestLine = 1024
/** An unfinished line that stays as it is for so many milliseconds is all that the guest has to say. */
const settleTime = 250

/** Follows a console for a fixed set of patterns, so that nothing of what went by has to be kept. */
export function followConsole(patterns: readonly RegExp[], events: ConsoleEvents): Console {
  const watched = patterns.map(watch)
  const decoder = new StringDecoder('utf8')
  let phase = -1
  let rest = ''
  let last = ''
  let unfinished: NodeJS.Timeout | undefined

  const readLine = (raw: string): string => {
    const line = stripVTControlCharacters(raw.slice(-longestLine)).trimEnd()
    if (line === '') return line
    last = line
    lookForSightings(watched, line, events.seconds)
    const next = phases.findLastIndex(({ begins }) => begins.test(line))
    const reached = phases[next]
    if (reached && next > phase) {
      phase = next
      events.onPhase?.(reached.name)
    }
    return line
  }
  const lookForDeadEnd = (line: string) => {
    if (deadEnds.some((end) => end.test(line))) events.onDeadEnd?.(line)
  }

  const find = (pattern: RegExp): Watched => {
    const found = watched.find((one) => one.pattern === pattern)
    if (!found) throw new Error(`${String(pattern)} is not among the patterns that this console is followed for`)
    return found
  }

  return {
    write(bytes) {
      const lines = (rest + decoder.write(bytes)).split(/[\r\n]+/)
      rest = (lines.pop() ?? '').slice(-longestLine)
      for (const raw of lines) {
        const line = readLine(raw)
        if (line !== '') events.onLine?.(line)
        lookForDeadEnd(line)
      }
      const begun = readLine(rest)
      // Bytes come as they like: the line is given time to say all of its reason, and a prompt never ends.
      clearTimeout(unfinished)
      if (begun !== '') unfinished = setTimeout(lookForDeadEnd, settleTime, begun).unref()
    },
    seen: (pattern) => find(pattern).promise,
    found: (pattern) => find(pattern).sighting,
    lastLine: () => last,
  }
}

function watch(pattern: RegExp): Watched {
  const { promise, resolve } = Promise.withResolvers<Sighting>()
  return { pattern, promise, resolve, sighting: null }
}

function lookForSightings(watched: readonly Watched[], line: string, seconds: () => number): void {
  for (const one of watched) {
    if (one.sighting) continue
    const match = one.pattern.exec(line)
    if (!match) continue
    one.sighting = { line, seconds: seconds(), match }
    one.resolve(one.sighting)
  }
}
