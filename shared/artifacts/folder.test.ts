import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { ArtifactRef } from '#events/vocabulary.ts'
import { testArtifacts } from './artifacts.contract.ts'
import { createFolderStore, linkArtifact } from './folder.ts'

async function prepare() {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-artifacts-'))
  const store = await createFolderStore(folder)
  return {
    folder,
    store,
    elsewhere: () => createFolderStore(folder),
    replace: async (ref: ArtifactRef, bytes: string) => await writeFile(await store.open(ref), bytes),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  }
}

testArtifacts('folder', prepare)

it('the folder artifact store clears the drafts of dead processes and keeps those of living ones', async () => {
  await using place = await prepare()
  await using mine = await place.store.draft('mine')
  const dead = join(place.folder, 'drafts', '999999999-x')
  await mkdir(dead)
  await place.store.clearDrafts()
  expect(existsSync(dead)).toBe(false)
  expect(existsSync(join(mine.path, '..'))).toBe(true)
})

it('a linked artifact is the same file', async () => {
  await using place = await prepare()
  const ref = await place.store.keepBytes('linked', 'log')
  const second = join(place.folder, 'second')
  await linkArtifact(await place.store.open(ref), second)
  expect((await stat(second)).ino).toBe((await stat(await place.store.open(ref))).ino)
})
