import { readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { dropMirrored } from '#events/drop-mirrored.ts'
import { dropStaged } from '#events/drop-staged.ts'
import { mirrorPublisher } from '../service.ts'
import { deliver, keepImages, weekly } from '../testing/drops.ts'
import { expectSame } from '../testing/expect-same.ts'
import { startMaster, type TestMaster } from '../testing/rsync-daemon.ts'
import { openScene, type Scene } from '../testing/scene.ts'
import { blessed, hear, ready, superseded, treeOf, type Event } from '../testing/speak.ts'
import { readJournal } from './journal.ts'
import { readMasters } from '../masters.ts'

// Each runs rsync some dozens of times, beside the tests of others.
vi.setConfig({ testTimeout: 120_000 })

let masters: { readonly first: TestMaster; readonly second: TestMaster }
beforeAll(async () => {
  const [first, second] = await Promise.all([startMaster('first'), startMaster('second', { required: false })])
  masters = { first, second }
}, 120_000)
afterAll(async () => {
  await Promise.all(Object.values(masters).map((one) => one[Symbol.asyncDispose]()))
})
beforeEach(async () => {
  for (const { root } of Object.values(masters)) {
    for (const name of await readdir(root)) await rm(join(root, name), { recursive: true })
  }
})

async function openPushing(): Promise<Scene> {
  const scene = await openScene()
  return { ...scene, mirror: { ...scene.mirror, masters: [masters.first.master, masters.second.master] } }
}

/** What a job waits for; null when it is done. */
async function waitOf({ mirror, context }: Scene, event: Event): Promise<string | null> {
  const result = await mirrorPublisher.handle(event, mirror, context)
  return 'wait' in result ? (result.wait?.reason ?? null) : null
}

/** What the mirror publisher says of a drop, and hears itself. */
async function pushToOthers(scene: Scene, event: Event): Promise<string | null> {
  const { files: _files, ...body } = treeOf(await hear(scene, event), dropMirrored) as never as Parameters<
    typeof deliver<'drop.mirrored.v1', (typeof dropMirrored)['example']>
  >[1]
  return await waitOf(scene, deliver(dropMirrored, { ...body, files: dropMirrored.example.files }))
}

describe('a drop', () => {
  it('is at a required master, closed, when it is staged, and there and everywhere else the same when it is over', async () => {
    await using scene = await openPushing()
    const drop = weekly(1, await keepImages(scene.store))
    treeOf(await hear(scene, ready(drop)), dropStaged)
    const closed = join(masters.first.root, '.staging')
    expect(((await stat(closed)).mode & 0o777).toString(8)).toBe('700')
    expect((await readdir(join(closed, drop.drop))).length).toBeGreaterThan(3)
    expect(await readdir(join(masters.first.root))).not.toContain('alt')
    expect(await readdir(masters.second.root)).toEqual([])

    expect(await pushToOthers(scene, blessed(drop))).toBeNull()
    await expectSame(scene, masters.first)
    await expectSame(scene, masters.second)
    expect(await waitOf(scene, superseded(drop))).toBeNull()
    await expectSame(scene, masters.first)
    await expectSame(scene, masters.second)
  })

  it('goes to a master once: told again, nothing of it is sent', async () => {
    await using scene = await openPushing()
    const drop = weekly(1, await keepImages(scene.store))
    await hear(scene, ready(drop))
    await hear(scene, blessed(drop))
    const at = join(masters.first.root, 'alt/cloud/weekly', drop.compose.id)
    const before = await stat(at)
    await hear(scene, blessed(drop))
    expect((await stat(at)).ctimeMs).toBe(before.ctimeMs)
    // Also when nobody remembers what the master holds.
    await rm(scene.at('.staging/.masters/first.json'))
    const qcow2 = (await readdir(join(at, 'x86_64'))).find((name) => name.endsWith('.qcow2')) ?? ''
    const { ino } = await stat(join(at, 'x86_64', qcow2))
    await hear(scene, blessed(drop))
    expect((await stat(join(at, 'x86_64', qcow2))).ino).toBe(ino)
    await expectSame(scene, masters.first)
  })

  it('that was withdrawn before it opened leaves nothing at a master', async () => {
    await using scene = await openPushing()
    const drop = weekly(1, await keepImages(scene.store))
    await hear(scene, ready(drop))
    expect(await waitOf(scene, superseded(drop))).toBeNull()
    await expectSame(scene, masters.first)
  })
})

describe('a master that is down', () => {
  it('is waited for when it is required, and caught up with all that it missed', async () => {
    await using scene = await openPushing()
    const first = weekly(1, await keepImages(scene.store))
    const second = weekly(2, await keepImages(scene.store))
    await hear(scene, blessed(first))
    await masters.first.server.stop()
    try {
      expect(await waitOf(scene, blessed(second))).toBe('the mirror master first')
      expect(await waitOf(scene, superseded(first))).toBe('the mirror master first')
      expect((await readJournal(scene.mirror.root, 'first')).failure?.reason).toMatch(/rsync/)
      // The other one has it all.
      await expectSame(scene, masters.second)
    } finally {
      await masters.first.server.start()
    }
    treeOf(await hear(scene, blessed(second)), dropMirrored)
    await expectSame(scene, masters.first)
    expect((await readJournal(scene.mirror.root, 'first')).failure).toBeNull()
  })

  it('holds up nobody when it is not required, and is caught up later', async () => {
    await using scene = await openPushing()
    const drop = weekly(1, await keepImages(scene.store))
    await masters.second.server.stop()
    try {
      expect(await pushToOthers(scene, blessed(drop))).toBe('the mirror master second')
      await expectSame(scene, masters.first)
    } finally {
      await masters.second.server.start()
    }
    expect(await pushToOthers(scene, blessed(drop))).toBeNull()
    await expectSame(scene, masters.second)
  })
})

describe('the file of masters', () => {
  it('names them, and what is wrong in it is named', async () => {
    await using scene = await openScene()
    const path = join(scene.home, 'masters.yaml')
    const read = async (text: string) => {
      await writeFile(path, text)
      return readMasters(path)
    }
    const one = '{name: dl1, address: "imagedrop@dl1.example.org:/srv/mirror"}'
    expect(await read(`masters: [${one}]`)).toMatchObject([
      { name: 'dl1', address: 'imagedrop@dl1.example.org:/srv/mirror/', required: true },
    ])
    await expect(read(`masters: [${one}, ${one}]`)).rejects.toThrow('expected different names')
    await expect(read('masters: [{name: dl1, address: dl1}]')).rejects.toThrow('masters.0.address')
    await expect(read('masters: [')).rejects.toThrow(path)
    expect(await readFile(path, 'utf8')).toBe('masters: [')
  })
})
