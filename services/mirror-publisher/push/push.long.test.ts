import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { candidate, keepImages } from '../testing/drops.ts'
import { expectSame } from '../testing/expect-same.ts'
import { finishes } from '../testing/finishes.ts'
import { startMaster } from '../testing/rsync-daemon.ts'
import { openScene } from '../testing/scene.ts'
import { blessed, expired, ready } from '../testing/speak.ts'
import { betaImages } from '../testing/tree.ts'
import { watchFolder } from '../testing/watch.ts'

it('while we are killed and masters vanish, readers of ours and of theirs see the old tree or the new one, and all end the same', async () => {
  await using first = await startMaster('first')
  await using second = await startMaster('second')
  await using opened = await openScene()
  const scene = { ...opened, mirror: { ...opened.mirror, masters: [first.master, second.master] } }
  const older = candidate(1, await keepImages(scene.store))
  const newer = candidate(2, await keepImages(scene.store))
  await using ours = await watchFolder(scene.at(betaImages))
  await using theirs = await watchFolder(join(first.root, betaImages))
  const seenByAll = []
  let kills = 0
  for (const event of [ready(older), blessed(older), ready(newer), blessed(newer), expired(newer)]) {
    // One of the masters is away while the first tries are made.
    const away = kills % 2 === 0 ? first : second
    await away.server.stop()
    let isAway = true
    for (let patience = 200 + 300 * Math.random(); !(await finishes(scene, event, patience)); kills++) {
      patience *= 1.3 + Math.random()
      if (isAway && patience > 1_000) {
        await away.server.start()
        isAway = false
      }
    }
    if (isAway) await away.server.start()
  }
  for (const watch of [ours, theirs]) seenByAll.push(await watch.stop())
  for (const { parts, transitions } of seenByAll) {
    expect(parts).toEqual([])
    for (const what of [older.drop, newer.drop, 'withdrawn']) expect(transitions).toContain(what)
  }
  await expectSame(scene, first)
  await expectSame(scene, second)
  expect(await readdir(scene.at('.staging'))).toEqual(['.masters'])
  expect(kills).toBeGreaterThan(5)
})
