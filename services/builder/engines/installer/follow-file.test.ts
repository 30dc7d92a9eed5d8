import { appendFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { followFile } from './follow-file.ts'

it('tells each line once, whole, of a file that comes later and grows', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-follow-'))
  const lines: string[] = []
  {
    await using _following = followFile(join(folder, 'log'), (line) => lines.push(line), 20)
    await appendFile(join(folder, 'log'), 'one\ntw')
    await expect.poll(() => lines).toEqual(['one'])
    await appendFile(join(folder, 'log'), 'o\nthree\n')
    await expect.poll(() => lines).toEqual(['one', 'two', 'three'])
  }
  await rm(folder, { recursive: true })
})
