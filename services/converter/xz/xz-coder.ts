import type { Conversion } from '../conversion.ts'
import type { Coder } from '../pieces/coder.ts'
import { release } from '../release.ts'
import { runOnBytes } from '../run-on-bytes.ts'
import { createSlots } from '../slots.ts'
import { blocksOf, streamOf } from './container.ts'
import { settingsOf } from './levels.ts'

/**
 * Makes of each piece an xz stream of one block. Its bytes depend on the level alone. By 7-Zip's encoder, which takes three quarters of
 * the time of xz's for the same size; what it made is proved by xz.
 */
export function createXzCoder(level: number, conversion: Pick<Conversion, 'run' | 'scratch' | 'slots'>): Coder {
  const { name, method, blockSize, threads } = settingsOf(level)
  const args = [
    'a',
    '-txz',
    '-si',
    '-so',
    '-an',
    // Only errors are said.
    '-bso0',
    '-bsp0',
    // One block after the other; the search for matches may have a thread of its own.
    '-mmt=1',
    // CRC-64, as xz has it by default.
    '-mcrc=8',
    `-ms=${String(blockSize)}b`,
    `-m0=LZMA2:c=${String(blockSize)}b:${method}`,
  ]
  // As many as keep the processors busy: each has tables of many times its dictionary.
  const encoders = createSlots(Math.max(1, Math.floor(conversion.slots.count / threads)))
  return {
    name,
    pieceSize: blockSize,
    // All in one run: where blocks are small, starting a tool for each would cost as much as some of them.
    encode: (pieces) =>
      encoders.within(() =>
        conversion.slots.within(async () => {
          const printed = await runOnBytes(conversion, '7zz', args, pieces)
          const streams = blocksOf(printed).map(streamOf)
          release([printed])
          return streams
        }),
      ),
  }
}
