import { open } from 'node:fs/promises'
import { blockSize } from '../../chunk.ts'
import { writeFully } from '../../fully.ts'
import type { Format } from '../format.ts'
import { vhdFooter, vhdUnit } from './footer.ts'
import { proveVhd } from './prove-vhd.ts'

/** A fixed VHD, as Microsoft Azure takes it: the disk, zeros up to whole MiB, and a footer. Zeros stay holes. */
export function createVhd(): Format {
  return {
    pieceSize: blockSize,
    async begin(conversion) {
      const { disk, time } = conversion
      const size = Math.ceil(disk.size / vhdUnit) * vhdUnit
      const draft = await conversion.draft('disk.vhd')
      const file = await open(draft.path, 'w')
      conversion.atEnd(() => file.close())
      const show = conversion.track('vhd', disk.size)
      return {
        sink: {
          async take({ position, bytes, blocks }) {
            for (const [index, block] of blocks.entries()) {
              const start = index * blockSize
              if (block) await writeFully(file, bytes.subarray(start, start + blockSize), position + start)
            }
            show(position + bytes.length)
          },
        },
        async finish(whole) {
          const footer = vhdFooter({ size, time, sha256: disk.sha256 })
          await writeFully(file, footer, size)
          await file.close()
          // What was hashed while the disk was read is how the file begins.
          const sha256 = whole
            .copy()
            .update(Buffer.alloc(size - disk.size))
            .update(footer)
            .digest('hex')
          const made = { path: draft.path, size, sha256 }
          return { draft, sha256, verify: () => proveVhd(made, conversion) }
        },
      }
    },
  }
}
