import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { run } from '#subprocess/run.ts'
import { makeFormats } from '../formats/make-formats.ts'
import { setUp } from '../testing/set-up.ts'
import { blockSizeOf, settingOf } from './xz-coder.ts'

const mib = 1024 * 1024

it.each([0, 1])(
  'has at level %i the very bytes that xz writes with many threads and this size of blocks',
  async (level) => {
    await using scene = await setUp({ size: 5 * mib + 512, noise: randomBytes(2 * mib) })
    await using conversion = await scene.conversion()
    const [made] = await makeFormats([{ format: 'raw.xz', level }], conversion)
    const theirs = join(scene.root, 'theirs.xz')
    const args = ['--threads=2', settingOf(level), `--block-size=${String(blockSizeOf(level))}`]
    await run('sh', ['-c', 'xz "$@" > "$0"', theirs, ...args, '--stdout', conversion.disk.path])
    expect((await readFile(made?.draft.path ?? '')).equals(await readFile(theirs))).toBe(true)
  },
)
