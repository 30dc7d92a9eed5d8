import { mkdtemp, open, rm, stat, truncate } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { FormatPlan } from '#events/vocabulary.ts'
import { readExtents } from '#disk/data-extents.ts'
import { run } from '#subprocess/run.ts'
import { measureUsage, type Usage } from './usage.ts'

/** What it took, and what came of it. */
export interface Converted {
  readonly usage: Usage
  /** Bytes by format. */
  readonly sizes: Readonly<Record<string, number>>
}

export interface ConvertFigures {
  /** The tools one after the other, as test/bench/baseline.sh runs them. */
  readonly tools: Converted
  /** With nothing kept; of a copy with some blocks changed, with what is kept of it; and the same disk again. */
  readonly first: Converted
  readonly scattered: Converted
  readonly together: Converted
  readonly again: Converted
}

const block = 512 * 1024
const changedShare = 0.05

/** What the formats of a drop cost at a level of xz, made and proved. */
export async function measureConvert(disk: string, level: number): Promise<ConvertFigures> {
  const root = await mkdtemp(join(tmpdir(), 'imagedrop-bench-'))
  try {
    const scattered = join(root, 'scattered.raw')
    const together = join(root, 'together.raw')
    await copyChanged(disk, scattered, (count) => Math.round(1 / changedShare) % count)
    await copyChanged(disk, together, () => 1)
    const cache = join(root, 'pieces')
    return {
      tools: await runTools(disk, { root, level }),
      first: await convertOnce(disk, cache, level),
      scattered: await convertOnce(scattered, cache, level),
      together: await convertOnce(together, cache, level),
      again: await convertOnce(disk, cache, level),
    }
  } finally {
    await rm(root, { recursive: true })
  }
}

/** What a conversion at level 6 has in memory at most when the disk is so large: its data, and behind them nothing. In MB. */
export async function measureMemory(disk: string, gibibytes: number): Promise<number> {
  const root = await mkdtemp(join(tmpdir(), 'imagedrop-bench-'))
  try {
    const large = join(root, 'disk.raw')
    await run('cp', ['--reflink=auto', '--sparse=always', disk, large])
    await truncate(large, gibibytes * 1024 ** 3)
    const { usage } = await convertOnce(large, join(root, 'pieces'), 6)
    return usage.memory
  } finally {
    await rm(root, { recursive: true })
  }
}

/** Copies a disk and writes something else into a share of those blocks that hold data: every so many of them. */
async function copyChanged(disk: string, to: string, stepOf: (count: number) => number): Promise<void> {
  await run('cp', ['--reflink=auto', '--sparse=always', disk, to])
  const extents = await readExtents(disk, AbortSignal.timeout(60_000))
  const blocks = [
    ...new Set(extents.flatMap(({ start, end }) => range(Math.ceil(start / block), Math.floor(end / block)))),
  ]
  const step = stepOf(blocks.length)
  const from = Math.floor(blocks.length / 3)
  const changed = Math.round(blocks.length * changedShare)
  await using file = await open(to, 'r+')
  for (let index = 0; index < changed; index += 1) {
    const position = (blocks[(from + index * step) % blocks.length] ?? 0) * block
    const bytes = Buffer.alloc(block)
    await file.read(bytes, 0, block, position)
    // As compressible as before.
    await file.write(
      bytes.map((byte) => byte ^ 0x5a),
      0,
      block,
      position,
    )
  }
}

function range(start: number, end: number): number[] {
  return Array.from({ length: Math.max(0, end - start) }, (_, index) => start + index)
}

async function runTools(disk: string, { root, level }: { readonly root: string; readonly level: number }) {
  const at = (name: string) => join(root, name)
  const xz = `xz -T${String(availableParallelism())} -${String(level)}`
  const script = [
    `qemu-img convert -c -f raw -O qcow2 -o compat=1.1,compression_type=zlib "$1" qcow2`,
    `${xz} --stdout "$1" > raw.xz`,
    `tar --create --format=gnu --owner=0 --group=0 --directory "$(dirname "$1")" "$2" | ${xz} > raw.tar.xz`,
    'sha256sum "$1" qcow2 raw.xz raw.tar.xz > CHECKSUM',
  ].join(' && ')
  const { usage } = await measureUsage(() => run('bash', ['-c', script, 'bash', disk, basename(disk)], { cwd: root }))
  const sizes: Record<string, number> = {}
  for (const name of ['qcow2', 'raw.xz', 'raw.tar.xz']) sizes[name] = (await stat(at(name))).size
  return { usage, sizes }
}

/** The formats of a drop in a process of its own, with what is kept in a cache. */
export async function convertOnce(disk: string, cache: string, level: number): Promise<Converted> {
  const formats: FormatPlan[] = [
    { format: 'qcow2', compat: '1.1', compression: 'zlib' },
    { format: 'raw.xz', level },
    { format: 'raw.tar.xz', level },
  ]
  const program = join(import.meta.dirname, 'convert-once.ts')
  const { stdout } = await run(process.execPath, [program, disk, cache, JSON.stringify(formats)])
  return JSON.parse(stdout) as Converted
}
