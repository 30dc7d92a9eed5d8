import { z } from 'zod'
import type { Conversion } from '../conversion.ts'

interface QemuFile {
  readonly path: string
  /** qemu-img's name of it. */
  readonly driver: 'qcow2' | 'vpc' | 'raw'
}

const imageInfo = z.object({
  'virtual-size': z.number(),
  'format-specific': z
    .object({ data: z.object({ compat: z.string().optional(), 'compression-type': z.string().optional() }) })
    .optional(),
})

/** What qemu-img reads in the head of a file. */
export async function readInfo({ path, driver }: QemuFile, { run }: Pick<Conversion, 'run'>) {
  const { stdout } = await run('qemu-img', ['info', '--output=json', '-f', driver, path])
  const found = imageInfo.parse(JSON.parse(stdout))
  const { compat, 'compression-type': compression } = found['format-specific']?.data ?? {}
  return { size: found['virtual-size'], compat, compression }
}

/**
 * How a file differs from the disk; null when it decodes to it. `compare` decodes everything, but takes a longer image that
 * ends in zeros for the same, so the size is to be looked at too. Its strict mode is of no use: it wants the same holes, and
 * holes are what converting changes.
 */
export async function findDifference(
  { path, driver }: QemuFile,
  { disk, run, track }: Pick<Conversion, 'disk' | 'run' | 'track'>,
): Promise<string | null> {
  const onLine = percentOf(track(driver, disk.size), disk.size)
  const compare = ['compare', '-p', '-f', 'raw', '-F', driver, disk.path, path]
  const { code, stdout } = await run('qemu-img', compare, { okCodes: [0, 1, 2, 3], onLine })
  const lines = stdout.trim().split(/[\r\n]+/)
  return code === 0 ? null : (lines.at(-1) ?? '')
}

/** Reads qemu-img's `    (12.34/100%)`. */
function percentOf(done: (bytes: number) => void, total: number): (line: string) => void {
  return (line) => {
    const percent = /\(([\d.]+)\/100%\)/.exec(line)?.[1]
    if (percent !== undefined) done((Number(percent) / 100) * total)
  }
}
