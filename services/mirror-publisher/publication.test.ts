import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { sha256OfFile } from '#artifacts/digest.ts'
import { dropMirrored } from '#events/drop-mirrored.ts'
import { candidate, keepImages } from './testing/drops.ts'
import { blessed, expired, hear, ready, treeOf } from './testing/speak.ts'
import { betaImages } from './testing/tree.ts'
import { watchFolder } from './testing/watch.ts'
import { openScene } from './testing/scene.ts'

it(
  'a reader who looks without pause sees nothing or a whole drop, over publications, replacements and withdrawals',
  { timeout: 120_000 },
  async () => {
    await using scene = await openScene()
    const older = candidate(1, await keepImages(scene.store))
    const newer = candidate(2, await keepImages(scene.store))
    await using reader = await watchFolder(scene.at(betaImages))
    for (let round = 0; round < 5; round++) {
      await hear(scene, ready(older))
      await hear(scene, blessed(older))
      await hear(scene, ready(newer))
      await hear(scene, blessed(newer))
      await hear(scene, blessed(newer))
      await hear(scene, expired(newer))
    }
    const { looks, transitions, parts } = await reader.stop()

    expect(parts).toEqual([])
    expect(looks).toBeGreaterThan(100)
    expect(new Set(transitions)).toEqual(new Set(['nothing', older.drop, newer.drop, 'withdrawn']))
    // The replacement leaves no gap: after the older one comes the newer one.
    const afterOlder = transitions.filter((_, index) => transitions[index - 1] === older.drop)
    expect(new Set(afterOlder)).toEqual(new Set([newer.drop]))
  },
)

it(
  'where folders cannot be exchanged a reader sees nothing for a moment, never a part',
  { timeout: 120_000 },
  async () => {
    await using scene = await openScene()
    const older = candidate(1, await keepImages(scene.store))
    const newer = candidate(2, await keepImages(scene.store))
    await using reader = await watchFolder(scene.at(betaImages))
    const path = process.env['PATH']
    process.env['PATH'] = join(scene.home, 'no-tools')
    try {
      for (let round = 0; round < 3; round++) {
        await hear(scene, blessed(older))
        const { files } = treeOf(await hear(scene, blessed(newer)), dropMirrored)
        for (const file of files) expect(await sha256OfFile(scene.at(file.path))).toBe(file.sha256)
        await hear(scene, expired(newer))
      }
    } finally {
      process.env['PATH'] = path
    }
    const { transitions, parts } = await reader.stop()
    expect(parts).toEqual([])
    expect(transitions).toContain(newer.drop)
    expect(await readdir(scene.at('.staging'))).toEqual([])
  },
)
