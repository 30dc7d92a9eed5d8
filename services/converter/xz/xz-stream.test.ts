import { randomBytes } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { run } from '#subprocess/run.ts'
import { makeFormats } from '../formats/make-formats.ts'
import { setUp } from '../testing/set-up.ts'
import { settingsOf } from './levels.ts'

const mib = 1024 * 1024

it.each([0, 1, 2])(
  'makes at level %i blocks that xz knows the sizes of, and decodes beside each other',
  async (level) => {
    await using scene = await setUp({ size: 5 * mib + 512, noise: randomBytes(2 * mib) })
    await using conversion = await scene.conversion()
    const [made] = await makeFormats([{ format: 'raw.xz', level }], conversion)
    const { stdout } = await run('xz', ['--list', '--robot', '-vv', made?.draft.path ?? ''])
    const lines = stdout.split('\n').map((line) => line.split('\t'))
    const blocks = lines.filter(([kind]) => kind === 'block')
    const { blockSize } = settingsOf(level)
    const ends = blocks.map((fields) => Number(fields[5]) + Number(fields[7]))
    expect(ends).toEqual(
      Array.from({ length: Math.ceil(conversion.disk.size / blockSize) }, (_, index) =>
        Math.min(conversion.disk.size, (index + 1) * blockSize),
      ),
    )
    // `c` and `u`: both sizes are in the header.
    expect(new Set(blocks.map((fields) => fields[12]))).toEqual(new Set(['cu']))
    expect(lines.find(([kind]) => kind === 'stream')?.[8]).toBe('CRC64')
  },
)

it.each([0, 1, 3, 6])('makes at level %i of programs a file at most one percent larger than xz does', async (level) => {
  await using scene = await setUp({
    size: 6 * mib,
    prepare: async (path) => void (await run('dd', [`if=${process.execPath}`, `of=${path}`, 'bs=1M', 'count=6'])),
  })
  await using conversion = await scene.conversion()
  const [made] = await makeFormats([{ format: 'raw.xz', level }], conversion)
  const theirs = join(scene.root, 'theirs.xz')
  await run('sh', ['-c', `xz -T2 -${String(level)} --stdout "$1" > "$0"`, theirs, conversion.disk.path])
  expect((await stat(made?.draft.path ?? '')).size / (await stat(theirs)).size).toBeLessThan(1.01)
})
