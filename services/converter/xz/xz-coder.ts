import type { Conversion } from '../conversion.ts'
import type { Coder } from '../pieces/coder.ts'
import { runOnBytes } from '../run-on-bytes.ts'
import { blocksOf, streamOf } from './container.ts'

const mib = 1024 * 1024

/**
 * How much of the disk is in one block, for each level. Smaller blocks are shared more often, and make larger files:
 * these make them less than one percent larger than xz's own, of three dictionaries.
 */
const blockSizes = [1, 2, 4, 8, 8, 16, 16, 32, 64, 128].map((size) => size * mib)

/** How much of the disk one block of a level holds. */
export function blockSizeOf(level: number): number {
  return blockSizes[level] ?? mib
}

/** What the dictionary and the search for matches need at each level, in MiB, as xz's manual has it for dictionaries of that size. */
const encoders = [3, 17, 17, 32, 48, 94, 94, 186, 370, 674]

/** How much memory one xz needs: besides, it holds the block as it was and as it will be. */
export function memoryMibOf(level: number): number {
  return (encoders[level] ?? 0) + (3 * blockSizeOf(level)) / mib
}

/**
 * What is given to xz beside or instead of a level. At level 1 a dictionary of a whole block finds as much with six tries as one of
 * half a block with eight, in seven eighths of the time.
 */
const tuned: Readonly<Record<number, { readonly name: string; readonly setting: string }>> = {
  1: { name: 'xz-1-depth-6', setting: '--lzma2=preset=1,dict=2MiB,depth=6' },
}

/** How xz is told to compress at a level. */
export function settingOf(level: number): string {
  return tuned[level]?.setting ?? `-${String(level)}`
}

/** Makes of each piece an xz stream of one block. Its bytes depend on the level alone. */
export function createXzCoder(level: number, conversion: Pick<Conversion, 'run' | 'slots' | 'limits'>): Coder {
  const args = [
    '--compress',
    '--stdout',
    settingOf(level),
    '--format=xz',
    '--check=crc64',
    // One thread that writes blocks as many do: with their sizes in their headers, so that readers may use many.
    '--threads=+1',
    `--block-size=${String(blockSizeOf(level))}`,
    `--memlimit-compress=${String(conversion.limits.memoryMib)}MiB`,
    '--no-adjust',
  ]
  return {
    name: tuned[level]?.name ?? `xz-${String(level)}`,
    pieceSize: blockSizeOf(level),
    // All in one run: where blocks are small, starting a tool for each would cost as much as some of them.
    encode: (pieces) =>
      conversion.slots.within(async () => blocksOf(await runOnBytes(conversion, 'xz', args, pieces)).map(streamOf)),
  }
}
