import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { candidate, keepImages } from '../testing/drops.ts'
import { startMaster } from '../testing/rsync-daemon.ts'
import { openScene } from '../testing/scene.ts'
import { blessed, hear, ready } from '../testing/speak.ts'
import { betaImages } from '../testing/tree.ts'
import { freeze } from './freeze.ts'
import { pushFrozen } from './push-master.ts'
import { keepParts, rootFrom, rsyncTo } from './rsync.ts'

it.each([
  ['before the folder is open', null],
  ['when it is open, and its closed twin is still there', betaImages],
])('a push that was cut off %s leaves nothing closed once it has gone on', async (_, cutAt) => {
  await using other = await startMaster('other')
  await using scene = await openScene()
  const drop = candidate(1, await keepImages(scene.store))
  await hear(scene, ready(drop))
  await hear(scene, blessed(drop))
  const holds: Record<string, string> = {}
  const aside = scene.at('.staging/.push')
  const push = async (isCut: (place: string, stamp: string | null) => boolean) => {
    await pushFrozen(await freeze(scene.mirror.root, aside, holds), {
      rsync: rsyncTo(other.master, { signal: AbortSignal.timeout(60_000), logFolder: scene.home }),
      rootFrom: (place) => rootFrom(place, other.master),
      keepParts: (place) => keepParts(place, other.master),
      aside,
      note(place, stamp) {
        if (stamp === null) delete holds[place]
        else holds[place] = stamp
        return isCut(place, stamp) ? Promise.reject(new Error('killed')) : Promise.resolve()
      },
    })
  }
  const isCut = (place: string, stamp: string | null) => place === betaImages && (cutAt === null) === (stamp === null)
  await expect(push(isCut)).rejects.toThrow('killed')
  expect(await readdir(join(other.root, '.staging'))).toEqual([drop.drop])
  await push(() => false)
  expect(await readdir(join(other.root, '.staging'))).toEqual([])
  expect(Object.keys(holds)).toEqual([betaImages])
})
