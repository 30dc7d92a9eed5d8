import { sha256OfFile } from '#artifacts/digest.ts'
import type { FormatPlan } from '#events/vocabulary.ts'
import { blockSize } from '../../chunk.ts'
import { createPieceCache } from '../../pieces/piece-cache.ts'
import { createPieceFlow } from '../../pieces/piece-flow.ts'
import type { Format } from '../format.ts'
import { createClusterCoder, readClusters } from './cluster-coder.ts'
import { createQcow2File } from './qcow2-file.ts'
import { proveQcow2 } from './prove-qcow2.ts'

type Qcow2Plan = Extract<FormatPlan, { format: 'qcow2' }>

/** Says why there can be no such qcow2; null when there can. */
export function refuseQcow2({ compat, compression }: Qcow2Plan): string | null {
  if (compat === '0.10' && compression === 'zstd') {
    return 'formats: qcow2 with compat 0.10 cannot be compressed with zstd; take zlib, or compat 1.1'
  }
  return null
}

/** What clusters hold that are not compressed lies in the disk as well. */
const nothingKept = createPieceCache({ folder: '', limit: 0 })

/** QEMU's own format: we lay out what zlib and zstd make of its clusters, and qemu-img decodes it. */
export function createQcow2(plan: Qcow2Plan): Format {
  return {
    pieceSize: blockSize,
    async begin(conversion) {
      const { disk } = conversion
      const draft = await conversion.draft('disk.qcow2')
      const file = await createQcow2File(draft.path, { plan, size: disk.size }, conversion)
      const show = conversion.track('qcow2', disk.size)
      const flow = createPieceFlow(createClusterCoder(plan.compression, conversion), {
        cache: plan.compression === 'none' ? nothingKept : conversion.cache,
        path: disk.path,
        async write(encoded, { position, length }) {
          await file.append(position, readClusters(encoded))
          show(position + length)
        },
      })
      return {
        sink: flow,
        async finish() {
          await flow.done()
          await file.close()
          // The tables at its start are known last, so there is no stream to hash while it is written.
          const sha256 = await sha256OfFile(draft.path, conversion.signal)
          return { draft, sha256, verify: () => proveQcow2(plan, draft.path, conversion) }
        },
      }
    },
  }
}
