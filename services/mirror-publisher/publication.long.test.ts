import { readFile, readdir } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { sha256OfFile } from '#artifacts/digest.ts'
import { dropMirrored } from '#events/drop-mirrored.ts'
import { candidate, keepImages } from './testing/drops.ts'
import { finishes } from './testing/finishes.ts'
import { blessed, expired, hear, ready, treeOf, type Event } from './testing/speak.ts'
import { betaImages } from './testing/tree.ts'
import { watchFolder } from './testing/watch.ts'
import { openScene, type Scene } from './testing/scene.ts'

it('killed at any moment and run again, it ends with the whole drop, once, and no reader saw a part', async () => {
  await using scene = await openScene()
  const older = candidate(1, await keepImages(scene.store))
  const newer = candidate(2, await keepImages(scene.store))
  const life = [ready(older), blessed(older), ready(newer), blessed(newer), expired(newer)]
  await using reader = await watchFolder(scene.at(betaImages))
  let kills = 0
  for (let round = 0; round < 2; round++) {
    for (const event of life) {
      kills += await killUntilDone(scene, event)
    }
    expect(await readdir(scene.at('.staging'))).toEqual([])
    expect((await readdir(scene.at(betaImages))).toSorted()).toEqual(['README', 'index.html', 'withdrawn.json'])
  }
  const { files } = treeOf(await hear(scene, blessed(newer)), dropMirrored)
  for (const { path, sha256 } of files) expect(await sha256OfFile(scene.at(path))).toBe(sha256)
  const { parts, transitions } = await reader.stop()
  expect(parts).toEqual([])
  expect(transitions).toContain(newer.drop)
  expect(kills).toBeGreaterThan(10)
})

it('killed on both steps of its expiry, a drop is whole as long as it is there, and named nowhere', async () => {
  await using scene = await openScene()
  const drop = candidate(1, await keepImages(scene.store))
  const { files } = treeOf(await hear(scene, blessed(drop)), dropMirrored)
  await using reader = await watchFolder(scene.at(betaImages))
  const aging = { ...scene, mirror: { ...scene.mirror, grace: 3_600_000 } }
  const first = await killUntilDone(aging, expired(drop))
  for (const { path, sha256 } of files) expect(await sha256OfFile(scene.at(path))).toBe(sha256)
  for (const index of ['releases.json', 'streams/Fedora-19.json', 'streams/v1/Fedora-19.downloads.json']) {
    expect(await readFile(scene.at(index), 'utf8')).not.toContain(`${betaImages}/`)
  }
  const second = await killUntilDone(scene, expired(drop))
  expect((await readdir(scene.at(betaImages))).toSorted()).toEqual(['README', 'index.html', 'withdrawn.json'])
  const { parts, transitions } = await reader.stop()
  expect(parts).toEqual([])
  expect(new Set(transitions)).toEqual(new Set([drop.drop, 'withdrawn']))
  expect(Math.min(first, second)).toBeGreaterThan(0)
})

/** The first try is killed early, each later one later, until the event gets through; how many were killed. */
async function killUntilDone(scene: Scene, event: Event): Promise<number> {
  let kills = 0
  for (let patience = 10 + 20 * Math.random(); !(await finishes(scene, event, patience)); kills++) {
    patience *= 1.5 + Math.random()
  }
  return kills
}
