import { randomBytes } from 'node:crypto'
import { mkdtemp, open, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateRawSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { run } from '#subprocess/run.ts'
import { clusterSize } from './cluster-coder.ts'
import { createQcow2File } from './qcow2-file.ts'

const mib = 1024 * 1024

it.each(['0.10', '1.1'] as const)(
  'reaches over many tables, with clusters of every kind, in compat %s',
  async (compat) => {
    const folder = await mkdtemp(join(tmpdir(), 'imagedrop-qcow2-'))
    await using ending = new AsyncDisposableStack()
    ending.defer(() => rm(folder, { recursive: true }))
    const size = 1700 * mib + 512
    const [raw, path] = [join(folder, 'disk.raw'), join(folder, 'disk.qcow2')]
    await writeFile(raw, '')
    await truncate(raw, size)
    const plan = { format: 'qcow2', compat, compression: 'zlib' } as const
    const file = await createQcow2File(path, { plan, size }, { atEnd: ending.defer.bind(ending) })

    await using disk = await open(raw, 'r+')
    // In the first, the second and the last table, which begin every 512 MiB; the last cluster is cut by the end of the disk.
    for (const position of [0, 511.8125 * mib, 512 * mib, 1700 * mib]) {
      const text = Buffer.alloc(clusterSize, `at ${String(position)} `).fill(
        0,
        position === 1700 * mib ? 512 : clusterSize,
      )
      const noise = randomBytes(clusterSize)
      const isLast = position === 1700 * mib
      const held = [deflateRawSync(text, { windowBits: 12, memLevel: 9 }), ...(isLast ? [] : [Buffer.alloc(0), noise])]
      await file.append(position, held)
      await disk.write(text, 0, isLast ? 512 : clusterSize, position)
      if (!isLast) await disk.write(noise, 0, clusterSize, position + 2 * clusterSize)
    }
    await file.close()

    const { stdout } = await run('qemu-img', ['check', '-f', 'qcow2', path])
    expect(stdout).toContain('No errors were found on the image.')
    await run('qemu-img', ['compare', '-f', 'raw', '-F', 'qcow2', raw, path])
  },
)
