import { readdir } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { sha256OfFile } from '#artifacts/digest.ts'
import { dropMirrored } from '#events/drop-mirrored.ts'
import { candidate, keepImages } from './testing/drops.ts'
import { finishes } from './testing/finishes.ts'
import { blessed, expired, hear, ready, treeOf } from './testing/speak.ts'
import { watchFolder } from './testing/watch.ts'
import { openScene } from './testing/scene.ts'

const images = 'releases/test/19-Beta/Images'

it('killed at any moment and run again, it ends with the whole drop, once, and no reader saw a part', async () => {
  await using scene = await openScene()
  const older = candidate(1, await keepImages(scene.store))
  const newer = candidate(2, await keepImages(scene.store))
  const life = [ready(older), blessed(older), ready(newer), blessed(newer), expired(newer)]
  await using reader = await watchFolder(scene.at(images))
  let kills = 0
  for (let round = 0; round < 2; round++) {
    for (const event of life) {
      // The first try is killed early, each later one later, until the event gets through.
      for (let patience = 10 + 20 * Math.random(); !(await finishes(scene, event, patience)); kills++) {
        patience *= 1.5 + Math.random()
      }
    }
    expect(await readdir(scene.at('.staging'))).toEqual([])
    expect((await readdir(scene.at(images))).toSorted()).toEqual(['README', 'index.html', 'withdrawn.json'])
  }
  const { files } = treeOf(await hear(scene, blessed(newer)), dropMirrored)
  for (const { path, sha256 } of files) expect(await sha256OfFile(scene.at(path))).toBe(sha256)
  const { parts, transitions } = await reader.stop()
  expect(parts).toEqual([])
  expect(transitions).toContain(newer.drop)
  expect(kills).toBeGreaterThan(10)
})
