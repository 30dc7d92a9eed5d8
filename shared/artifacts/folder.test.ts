import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
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

it('clears the drafts of dead processes of this host, and of other hosts only what is days old', async () => {
  await using place = await prepare()
  await using mine = await place.store.draft('mine')
  const draftOf = async (name: string) => {
    const folder = join(place.folder, 'drafts', name)
    await mkdir(folder)
    return folder
  }
  const dead = await draftOf(`${hostname()}~999999999~x`)
  const elsewhere = await draftOf('another-host~999999999~x')
  const forgotten = await draftOf('another-host~999999999~y')
  await utimes(forgotten, new Date(0), new Date(0))
  await place.store.tidy()
  expect([dead, forgotten].filter((folder) => existsSync(folder))).toEqual([])
  expect([join(mine.path, '..'), elsewhere].every((folder) => existsSync(folder))).toBe(true)
})

it('a linked artifact is the same file', async () => {
  await using place = await prepare()
  const ref = await place.store.keepBytes('linked', 'log')
  const second = join(place.folder, 'second')
  await linkArtifact(await place.store.open(ref), second)
  expect((await stat(second)).ino).toBe((await stat(await place.store.open(ref))).ino)
})

it('puts back what a process was killed over while it removed it', async () => {
  await using place = await prepare()
  const [lost, other] = [await place.store.keepBytes('lost', 'log'), await place.store.keepBytes('other', 'log')]
  const leaving = join(place.folder, 'leaving')
  await mkdir(leaving)
  await rename(await place.store.open(lost), join(leaving, `${lost.sha256}~1`))
  await writeFile(join(leaving, `${other.sha256}~2`), 'other')
  await place.store.tidy()
  await place.store.verify(lost)
  await place.store.verify(other)
  expect(await readdir(leaving)).toEqual([])
})
