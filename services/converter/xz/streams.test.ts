import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { run } from '#subprocess/run.ts'
import { listStreams } from './streams.ts'

const mib = 1024 * 1024

it('tells the size of each stream, packed and unpacked, however many blocks it has', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-streams-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const [small, large, both] = ['small.xz', 'large.xz', 'both.xz'].map((name) => join(folder, name))
  // 8,192 blocks, as a disk of 16 GiB has at level 1.
  const pack =
    'head -c 512 /dev/zero | xz > "$1"; head -c 32M /dev/zero | xz -0 --block-size=4KiB > "$2"; cat "$@" > "$0"'
  await run('sh', ['-c', pack, both ?? '', small ?? '', large ?? ''])
  expect(await listStreams(both ?? '', { run })).toEqual([
    { compressedSize: (await stat(small ?? '')).size, size: 512 },
    { compressedSize: (await stat(large ?? '')).size, size: 32 * mib },
  ])
})
