import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { run } from '#subprocess/run.ts'
import { createPieceCache, listPieces } from '../../services/converter/pieces/piece-cache.ts'

const program = join(import.meta.dirname, '..', 'imagedrop.js')
const state = await mkdtemp(join(tmpdir(), 'imagedrop-cache-'))
afterAll(() => rm(state, { recursive: true }))

it('shows what is kept of disks and how much that may be, and clears it', async () => {
  const folder = join(state, 'converter', 'pieces')
  const cache = createPieceCache({ folder, limit: 2 ** 30 })
  await cache.put('xz-6', 'a'.repeat(64), Buffer.alloc(3 * 2 ** 20))
  await cache.put('qcow2-zlib', 'b'.repeat(64), Buffer.alloc(2 ** 19))
  await cache.put('qcow2-zlib', 'c'.repeat(64), Buffer.alloc(2 ** 19))

  const shown = await run(program, ['cache', '--state', state])
  expect(shown.stdout.split('\n')).toEqual([
    'KIND        PIECES  SIZE     LAST USED',
    'qcow2-zlib  2       1.0 MiB  0 min',
    'xz-6        1       3.0 MiB  0 min',
    `4.0 MiB of at most 10240.0 MiB in ${folder}`,
    '',
  ])
  const cleared = await run(program, ['cache', '--clear', '--json', '--state', state])
  expect(
    cleared.stdout
      .split('\n')
      .slice(0, 1)
      .map((line) => JSON.parse(line) as object),
  ).toMatchObject([{ kind: 'qcow2-zlib', pieces: 2 }])
  expect(await listPieces(folder)).toEqual([])
})
