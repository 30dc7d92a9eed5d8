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

interface Search {
  readonly search: string
  readonly threads: number
  /** How many times the dictionary its tables are, as 7-Zip's manual has it. */
  readonly tables: number
}

interface Level extends Search {
  /** Both in MiB. */
  readonly block: number
  readonly dictionary: number
}

/** Follows a chain of places where the same bytes were, so many of them. */
const fast = (tries: number): Search => ({
  search: `a=0:fb=128:mf=hc5:mc=${String(tries)}`,
  threads: 1,
  tables: 7.5,
})

/** Weighs one way to write some bytes against others, with a tree of all places; looks no further than for so long a match. The tree has a thread. */
const thorough = (longEnough: number): Search => ({
  search: `a=1:fb=${String(longEnough)}:mf=bt4`,
  threads: 2,
  tables: 11.5,
})

/**
 * What xz's levels are in 7-Zip's words: the dictionaries of xz's own presets, or larger ones where fewer tries then find as much.
 * Smaller blocks are shared more often, and make larger files: these make them less than one percent larger than `xz -T0` makes
 * them at the same level, of three dictionaries.
 */
const levels: readonly Level[] = [
  { block: 1, dictionary: 1, ...fast(1) },
  { block: 2, dictionary: 2, ...fast(4) },
  { block: 4, dictionary: 4, ...fast(16) },
  { block: 8, dictionary: 4, ...fast(24) },
  { block: 8, dictionary: 4, ...thorough(16) },
  { block: 16, dictionary: 8, ...thorough(32) },
  { block: 16, dictionary: 8, ...thorough(64) },
  { block: 32, dictionary: 16, ...thorough(64) },
  { block: 64, dictionary: 32, ...thorough(64) },
  { block: 128, dictionary: 64, ...thorough(64) },
]

/** How xz's levels from 0 to 9 are made. Throws RangeError. */
export function settingsOf(level: number): XzSettings {
  const found = levels[level]
  if (!found) throw new RangeError(`expected a level of xz from 0 to 9, got ${String(level)}`)
  const { block, dictionary, search, threads, tables } = found
  return {
    name: `xz-${String(level)}-7zip`,
    blockSize: block * 2 ** 20,
    method: `d=${String(dictionary)}m:${search}`,
    threads,
    // Besides its tables, the block as it was, as it becomes, and as it passes through.
    memoryMib: Math.ceil(tables * dictionary + 6 + 3 * block),
  }
}
