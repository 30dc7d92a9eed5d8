import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { removeStalePid } from './stale-pid.ts'

it('removes the mark of an installer that was killed, never that of one that runs', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-pid-'))
  const path = join(folder, 'anaconda.pid')
  await removeStalePid(path)
  await writeFile(path, `${String(process.pid)}\n`)
  await removeStalePid(path)
  expect(existsSync(path)).toBe(true)
  await writeFile(path, `${String(spawnSync('true').pid)}\n`)
  await removeStalePid(path)
  expect(existsSync(path)).toBe(false)
  await rm(folder, { recursive: true })
})
