import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { dropFailed } from '#events/drop-failed.ts'
import { ToolFailed } from '#subprocess/errors.ts'
import { run } from '#subprocess/run.ts'
import { canMount, createSmallDisk, type SmallDisk } from '#test/faults/small-disk.ts'
import { candidate, keepImages } from './testing/drops.ts'
import { openScene, type Scene } from './testing/scene.ts'
import { blessed, expired, ready, type Event } from './testing/speak.ts'
import { watchFolder } from './testing/watch.ts'

const images = 'releases/test/19-Beta/Images'
const page = 4096
const roomy = '64m'

describe.skipIf(!(await canMount()))("the mirror's disk", () => {
  it('fills again and again; readers see the old tree or the new one, and with room the work ends', async () => {
    await using scene = await openScene()
    await mkdir(scene.mirror.root)
    const older = candidate(1, await keepImages(scene.store, 20_000))
    const newer = candidate(2, await keepImages(scene.store, 20_000))
    await using disk = await createSmallDisk(scene.mirror.root, roomy)
    await using reader = await watchFolder(scene.at(images), disk.within)

    let full = 0
    for (const event of [ready(older), blessed(older), ready(newer), blessed(newer), expired(newer)]) {
      full += await fillUntilDone(scene, disk, event)
    }
    const { parts, transitions } = await reader.stop()
    expect(parts).toEqual([])
    for (const what of [older.drop, newer.drop, 'withdrawn']) expect(transitions).toContain(what)
    const { stdout } = await run(...disk.within('find', [scene.at('.staging'), scene.at(images), '-type', 'f']))
    expect(
      stdout
        .split('\n')
        .filter(Boolean)
        .map((path) => path.replace(`${scene.at(images)}/`, ''))
        .toSorted(),
    ).toEqual(['README', 'index.html', 'withdrawn.json'])
    expect(full).toBeGreaterThan(10)
  })
})

/** Lets others fill the disk while the event is handled, later each time, until it gets through; how often it did not. */
async function fillUntilDone(scene: Scene, disk: SmallDisk, event: Event): Promise<number> {
  const program = join(import.meta.dirname, 'testing', 'publish.ts')
  const file = join(scene.home, 'event.json')
  await writeFile(file, JSON.stringify({ event, masters: [], grace: 0 }))
  let patience = 10 * Math.random()
  for (let full = 0; ; full++) {
    await disk.resize(roomy)
    const started = Promise.withResolvers<void>()
    const onLine = () => {
      started.resolve()
    }
    const handling = run(...disk.within(process.execPath, [program, scene.home, file]), { onLine }).then(
      ({ stdout }) => (stdout.includes(dropFailed.subject) ? stdout : ''),
      (error: unknown) => (error instanceof ToolFailed ? error.tail : Promise.reject(error)),
    )
    await Promise.race([started.promise, handling])
    await fillAfter(patience, scene, disk)
    const fault = await handling
    if (fault === '') return full
    expect(fault).toMatch(/ENOSPC|no space left/i)
    patience *= 1.5 + Math.random()
  }
}

/** Leaves of the disk what is used of it, and a page. */
async function fillAfter(patience: number, scene: Scene, disk: SmallDisk): Promise<void> {
  await delay(patience)
  const { stdout } = await run(...disk.within('df', ['--output=used', '-B', String(page), scene.mirror.root]))
  // What was written meanwhile may not be shrunk away.
  await disk.resize(String((Number(stdout.split('\n')[1]) + 1) * page)).catch(() => {})
}
