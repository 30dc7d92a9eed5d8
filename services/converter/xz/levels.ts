/** How the blocks of an xz stream are made. */
export interface XzSettings {
  /** Of the folder that pieces are kept in: other settings need another. */
  readonly name: string
  /** Bytes of the disk in one block. */
  readonly blockSize: number
  /** As 7-Zip's `-m0=LZMA2:` takes it. */
  readonly method: string
  /** How many processors one encoder keeps busy. */
  readonly threads: number
  /** What one encoder needs, with the block as it was and as it becomes. */
  readonly memoryMib: number
}

interface Level {
  readonly block: number
  readonly dictionary: number
  readonly search: string
}

const fast = (tries: number) => `a=0:fb=128:mf=hc5:mc=${String(tries)}`
const thorough = (longEnough: number) => `a=1:fb=${String(longEnough)}:mf=bt4`

/**
 * What xz's levels are in 7-Zip's words, in MiB: the dictionaries of xz's own presets, or larger ones where fewer tries then find as much.
 * Smaller blocks are shared more often, and make larger files: these make them less than one percent larger than `xz -T0` makes
 * them at the same level, of three dictionaries.
 */
const levels: readonly Level[] = [
  { block: 1, dictionary: 1, search: fast(1) },
  { block: 2, dictionary: 2, search: fast(4) },
  { block: 4, dictionary: 4, search: fast(16) },
  { block: 8, dictionary: 4, search: fast(24) },
  { block: 8, dictionary: 4, search: thorough(16) },
  { block: 16, dictionary: 8, search: thorough(32) },
  { block: 16, dictionary: 8, search: thorough(64) },
  { block: 32, dictionary: 16, search: thorough(64) },
  { block: 64, dictionary: 32, search: thorough(64) },
  { block: 128, dictionary: 64, search: thorough(64) },
]

/** How xz's levels from 0 to 9 are made. Throws RangeError. */
export function settingsOf(level: number): XzSettings {
  const found = levels[level]
  if (!found) throw new RangeError(`expected a level of xz from 0 to 9, got ${String(level)}`)
  const { block, dictionary, search } = found
  const isThorough = search.startsWith('a=1')
  return {
    name: `xz-${String(level)}-7zip`,
    blockSize: block * 2 ** 20,
    method: `d=${String(dictionary)}m:${search}`,
    // A binary tree is searched by a thread of its own.
    threads: isThorough ? 2 : 1,
    // The tables of either search, as 7-Zip's manual has them, and the block as it was, as it becomes, and as it passes through.
    memoryMib: Math.ceil((isThorough ? 11.5 : 7.5) * dictionary + 6 + 3 * block),
  }
}
