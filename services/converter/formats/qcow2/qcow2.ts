import { z } from 'zod'
import { sha256OfFile } from '#artifacts/digest.ts'
import type { FormatPlan } from '#events/vocabulary.ts'
import { NotTheDisk } from '../../failures.ts'
import type { Conversion } from '../../conversion.ts'
import type { Format } from '../format.ts'
import { otherCompression, readQcow2Header } from '#disk/qcow2-header.ts'

type Qcow2Plan = Extract<FormatPlan, { format: 'qcow2' }>

/** Says why there can be no such qcow2; null when there can. */
export function refuseQcow2({ compat, compression }: Qcow2Plan): string | null {
  if (compat === '0.10' && compression === 'zstd') {
    return 'formats: qcow2 with compat 0.10 cannot be compressed with zstd; take zlib, or compat 1.1'
  }
  return null
}

/** QEMU's own format, made and decoded by qemu-img. */
export function createQcow2(plan: Qcow2Plan): Format {
  return {
    provesDisk: false,
    async make(conversion) {
      const draft = await conversion.draft('disk.qcow2')
      await convert(plan, draft.path, conversion)
      // qemu-img writes its tables last and out of order, so there is no stream to hash while it writes.
      const sha256 = await sha256OfFile(draft.path, conversion.signal)
      return { draft, sha256, verify: () => verify(plan, draft.path, conversion) }
    },
  }
}

async function convert({ compat, compression }: Qcow2Plan, path: string, conversion: Conversion): Promise<void> {
  const { disk } = conversion
  // Without compression the option would only forbid old readers, which know no compression type.
  const options =
    compression === 'none' ? [`compat=${compat}`] : [`compat=${compat}`, `compression_type=${compression}`]
  const compress = compression === 'none' ? [] : ['-c']
  const args = ['convert', '-p', ...compress, '-f', 'raw', '-O', 'qcow2', '-o', options.join(','), disk.path, path]
  await conversion.run('qemu-img', args, { onLine: percentOf(conversion.track('qcow2', disk.size), disk.size) })
}

/**
 * `compare` decodes every cluster, but takes a longer image that ends in zeros for the same, so the size is looked
 * at too. Its strict mode is of no use: it wants the same holes, and holes are what converting changes.
 */
async function verify(plan: Qcow2Plan, path: string, conversion: Conversion): Promise<void> {
  const { disk, run } = conversion
  const done = conversion.track('qcow2', disk.size)
  const differs = (how: string) => new NotTheDisk(`the qcow2 made of the disk ${disk.sha256} ${how}`)

  const wrong = await wrongForReaders(plan, path)
  if (wrong !== null) throw differs(wrong)

  const checked = await run('qemu-img', ['check', '-f', 'qcow2', path], { okCodes: [0, 1, 2, 3] })
  if (checked.code !== 0) throw differs(`is damaged: ${checked.stdout.trim().split('\n').join(' ')}`)

  const { stdout } = await run('qemu-img', ['info', '--output=json', '-f', 'qcow2', path])
  const found = imageInfo.parse(JSON.parse(stdout))
  const { compat, 'compression-type': compression = 'zlib' } = found['format-specific'].data
  if (found['virtual-size'] !== disk.size) {
    throw differs(`holds ${String(found['virtual-size'])} bytes instead of ${String(disk.size)}`)
  }
  if (compat !== plan.compat) throw differs(`has compat ${compat} instead of ${plan.compat}`)
  if (plan.compression !== 'none' && compression !== plan.compression) {
    throw differs(`is compressed with ${compression} instead of ${plan.compression}`)
  }

  const compare = ['compare', '-p', '-f', 'raw', '-F', 'qcow2', disk.path, path]
  const compared = await run('qemu-img', compare, { okCodes: [0, 1, 2, 3], onLine: percentOf(done, disk.size) })
  if (compared.code !== 0)
    throw differs(
      `does not decode to it: ${
        compared.stdout
          .trim()
          .split(/[\r\n]+/)
          .at(-1) ?? ''
      }`,
    )
}

/**
 * Why a reader of the plan's time could not read the file; null when it can. By the header itself, not by what the
 * qemu-img that wrote it says of it: a reader goes by the bits, and refuses those that it does not know.
 */
async function wrongForReaders(plan: Qcow2Plan, path: string): Promise<string | null> {
  const header = await readQcow2Header(path)
  if (header === null) return 'has no header'
  const { version, hasBackingFile, incompatibleFeatures } = header
  if (version !== (plan.compat === '0.10' ? 2 : 3)) return `has version ${String(version)}`
  if (hasBackingFile) return 'needs a backing file'
  const allowed = plan.compression === 'zstd' ? otherCompression : 0n
  if (incompatibleFeatures === allowed) return null
  return `has the incompatible features 0x${incompatibleFeatures.toString(16)} instead of 0x${allowed.toString(16)}`
}

const imageInfo = z.object({
  'virtual-size': z.number(),
  'format-specific': z.object({
    data: z.object({ compat: z.string(), 'compression-type': z.string().optional() }),
  }),
})

/** Reads qemu-img's `    (12.34/100%)`. */
function percentOf(done: (bytes: number) => void, total: number): (line: string) => void {
  return (line) => {
    const percent = /\(([\d.]+)\/100%\)/.exec(line)?.[1]
    if (percent !== undefined) done((Number(percent) / 100) * total)
  }
}
