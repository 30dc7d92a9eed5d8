import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { dropMirrored } from '#events/drop-mirrored.ts'
import { run } from '#subprocess/run.ts'
import { mirrorPublisher } from '../service.ts'
import type { Master } from '../masters.ts'
import { keepImages, weekly } from '../testing/drops.ts'
import { expectSame } from '../testing/expect-same.ts'
import { finishes } from '../testing/finishes.ts'
import { openScene, type Scene } from '../testing/scene.ts'
import { blessed, hear, ready, treeOf, type Event } from '../testing/speak.ts'
import { startSshMaster, type SshMaster } from '../testing/ssh-master.ts'
import { readJournal } from './journal.ts'

// Each runs rsync and ssh some dozens of times, beside the tests of others.
vi.setConfig({ testTimeout: 120_000 })

let other: SshMaster
beforeAll(async () => {
  other = await startSshMaster('remote')
}, 120_000)
afterAll(() => other[Symbol.asyncDispose]())
beforeEach(async () => {
  for (const name of await readdir(other.root)) await rm(join(other.root, name), { recursive: true })
})

async function openPushing(change: Partial<Master> = {}): Promise<Scene> {
  const scene = await openScene()
  return { ...scene, mirror: { ...scene.mirror, masters: [{ ...other.master, ...change }] } }
}

/** What a job waits for, and what is noted of the master. */
async function failureOf(scene: Scene, event: Event): Promise<string> {
  expect(await mirrorPublisher.handle(event, scene.mirror, scene.context)).toMatchObject({
    wait: { reason: 'the mirror master remote' },
  })
  return (await readJournal(scene.mirror.root, 'remote')).failure?.reason ?? ''
}

it('a drop goes to a master behind ssh whose key may do nothing but rrsync', async () => {
  await using scene = await openPushing()
  const drop = weekly(1, await keepImages(scene.store))
  await hear(scene, ready(drop))
  expect(((await stat(join(other.root, '.staging'))).mode & 0o777).toString(8)).toBe('700')
  for (const name of ['alt', '.rsync-partial']) expect(await readdir(other.root)).not.toContain(name)
  const staged = await imageIn(join(other.root, '.staging', drop.drop))
  treeOf(await hear(scene, blessed(drop)), dropMirrored)
  await expectSame(scene, other)
  // It was opened by second names, and nothing was sent again.
  expect(await imageIn(join(other.root, 'alt/cloud/weekly', drop.compose.id))).toEqual(staged)
})

it('a push that was killed goes on where it was', async () => {
  await using scene = await openPushing()
  const drop = weekly(1, await keepImages(scene.store))
  const slow = { ...scene, mirror: { ...scene.mirror, masters: [{ ...other.master, kibibytesPerSecond: 1 }] } }
  expect(await finishes(slow, blessed(drop), 1_500)).toBe(false)
  treeOf(await hear(scene, blessed(drop)), dropMirrored)
  await expectSame(scene, other)
})

it('a host with another key than the one that is known gets nothing, and the reason names the file', async () => {
  await using scene = await openPushing({ knownHostsFile: other.otherHostsFile })
  const drop = weekly(1, await keepImages(scene.store))
  expect(await failureOf(scene, ready(drop))).toBe(
    `ssh does not know the host key of ${other.master.address} from ${other.otherHostsFile}, and sent nothing`,
  )
  // One that nobody knows is not learned either.
  await using stranger = await openPushing({ knownHostsFile: '/dev/null' })
  const own = weekly(1, await keepImages(stranger.store))
  expect(await failureOf(stranger, ready(own))).toContain('does not know the host key')
  expect(await readdir(other.root)).toEqual([])
})

it('a key that the master does not let in is named', async () => {
  await using scene = await openPushing({ identityFile: other.otherIdentityFile })
  const drop = weekly(1, await keepImages(scene.store))
  expect(await failureOf(scene, ready(drop))).toBe(
    `${other.master.address} does not let the key ${other.otherIdentityFile} in`,
  )
})

it('the key opens no shell there, and reads nothing outside of the root', async () => {
  const { identityFile, knownHostsFile, port, address } = other.master
  const options = ['-oBatchMode=yes', `-oUserKnownHostsFile=${knownHostsFile ?? ''}`, '-oIdentitiesOnly=yes']
  const args = [...options, '-i', identityFile ?? '', '-p', String(port), address.slice(0, address.indexOf(':')), 'id']
  await expect(run('ssh', args)).rejects.toMatchObject({ code: 'TOOL_FAILED' })
})

/** The image of a drop: where its bytes are. */
async function imageIn(folder: string): Promise<number> {
  const paths = await readdir(folder, { recursive: true })
  const image = paths.toSorted().find((path) => path.endsWith('.qcow2')) ?? ''
  return (await stat(join(folder, image))).ino
}
