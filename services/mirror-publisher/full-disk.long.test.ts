import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { dropFailed } from '#events/drop-failed.ts'
import { ToolFailed } from '#subprocess/errors.ts'
import { run } from '#subprocess/run.ts'
import { canMount, createSmallDisk, type SmallDisk } from '#test/faults/small-disk.ts'
import { candidate, keepImages } from './testing/drops.ts'
import { openScene, type Scene } from './testing/scene.ts'
import { blessed, expired, ready, type Event } from './testing/speak.ts'
import { betaImages } from './testing/tree.ts'
import { watchFolder } from './testing/watch.ts'

const roomy = '128m'

describe.skipIf(!(await canMount()))("the mirror's disk", () => {
  it('fills again and again; readers see the old tree or the new one, and with room the work ends', async () => {
    await using scene = await openScene()
    await mkdir(scene.mirror.root)
    const older = candidate(1, await keepImages(scene.store, 300_000))
    const newer = candidate(2, await keepImages(scene.store, 300_000))
    await using disk = await createSmallDisk(scene.mirror.root, roomy)
    await using reader = await watchFolder(scene.at(betaImages), disk.within)

    const life = [ready(older), blessed(older), ready(newer), blessed(newer), expired(newer)]
    // A fast machine may have done before the disk is full: it lives once more.
    let full = 0
    for (let lives = 0; full < 5; lives += 1) {
      expect(lives).toBeLessThan(20)
      for (const event of life) full += await fillUntilDone(scene, disk, event)
    }
    const { parts, transitions } = await reader.stop()
    expect(parts).toEqual([])
    for (const what of [older.drop, newer.drop, 'withdrawn']) expect(transitions).toContain(what)
    const { stdout } = await run(...disk.within('find', [scene.at('.staging'), scene.at(betaImages), '-type', 'f']))
    expect(
      stdout
        .split('\n')
        .filter(Boolean)
        .map((path) => path.replace(`${scene.at(betaImages)}/`, ''))
        .toSorted(),
    ).toEqual(['README', 'index.html', 'withdrawn.json'])
  })
})

/** Lets others fill the disk when the event has written so much, each time more, until it gets through; how often it did not. */
async function fillUntilDone(scene: Scene, disk: SmallDisk, event: Event): Promise<number> {
  const file = join(scene.home, 'event.json')
  await writeFile(file, JSON.stringify({ event, masters: [], grace: 0 }))
  for (let full = 0; ; full++) {
    await disk.resize(roomy)
    const stop = new AbortController()
    const looking = Promise.withResolvers<void>()
    const filling = run(...programOn(disk, 'fill-disk.ts', scene.mirror.root, String(4 ** full)), {
      signal: stop.signal,
      onLine: () => {
        looking.resolve()
      },
    })
    await Promise.race([looking.promise, filling])
    const fault = await run(...programOn(disk, 'publish.ts', scene.home, file)).then(
      ({ stdout }) => (stdout.includes(dropFailed.subject) ? stdout : ''),
      (error: unknown) => (error instanceof ToolFailed ? error.tail : Promise.reject(error)),
    )
    stop.abort(new Error('the event was handled'))
    await filling.catch(() => {})
    if (fault === '') return full
    expect(fault).toMatch(/ENOSPC|no space left/i)
  }
}

function programOn(disk: SmallDisk, name: string, ...args: readonly string[]): [string, string[]] {
  return disk.within(process.execPath, [join(import.meta.dirname, 'testing', name), ...args])
}
