import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createFolderStore } from '#artifacts/folder.ts'
import { ArtifactMissing, type ArtifactStock, type ArtifactStore } from '#artifacts/store.ts'
import { say, type Said } from '#events/define.ts'
import { dropExpired } from '#events/drop-expired.ts'
import { dropScheduled } from '#events/drop-scheduled.ts'
import { dropSuperseded } from '#events/drop-superseded.ts'
import { seal } from '#events/envelope.ts'
import { imageBuilt } from '#events/image-built.ts'
import { imageConverted } from '#events/image-converted.ts'
import type { ArtifactRef } from '#events/vocabulary.ts'
import type { Ledger } from '#ledger/ledger.ts'
import { openSqliteLedger } from '#ledger/sqlite/open.ts'
import { wanted } from '#ledger/testing/ledger.ts'
import { run } from '#subprocess/run.ts'
import { removeUnneeded } from '../artifacts/remove-unneeded.ts'
import { sortOut } from '../artifacts/sort-out.ts'

const program = join(import.meta.dirname, '..', 'imagedrop.js')
const tomorrow = new Date(Date.now() + 86_400_000)
let folder: string
let ledger: Ledger
let store: ArtifactStore & ArtifactStock
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imagedrop-artifacts-'))
  ledger = await openSqliteLedger(join(folder, 'ledger'))
  store = await createFolderStore(join(folder, 'artifacts'))
})
afterEach(async () => {
  await ledger[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

function contextOf(date: string) {
  const id = `Fedora-44-${date}.n.0`
  const compose = { ...imageBuilt.example.compose, id, version: '44', date, label: null, type: 'nightly' as const }
  return { drop: `weekly-${id}`, kind: 'weekly' as const, milestone: null, compose }
}

const sayIt = async (said: Said) => {
  await ledger.say(seal(said, { now: new Date() }), new Date(), { service: 'scheduler', owner: 'test' })
}

/** A drop with a disk, a file made of it, and a package list. */
async function drop(date: string, disk = `disk of ${date}`) {
  const { kind: _kind, milestone: _milestone, ...about } = contextOf(date)
  const { image } = imageBuilt.example
  const kept = {
    disk: await store.keepBytes(disk, 'raw'),
    made: await store.keepBytes(`${disk}, packed`, 'qcow2'),
    packages: await store.keepBytes(`packages of ${date}`, 'json'),
  }
  const { disk: raw, made, packages } = kept
  await sayIt(say(dropScheduled, { ...dropScheduled.example, ...contextOf(date) }))
  await sayIt(say(imageBuilt, { ...imageBuilt.example, ...about, image, disk: raw, packages, log: packages }))
  await sayIt(say(imageConverted, { ...imageConverted.example, ...about, image, disk: raw, artifacts: [made] }))
  return kept
}

const expire = (date: string) =>
  sayIt(say(dropExpired, { ...contextOf(date), keptDays: 30, images: dropExpired.example.images }))
const supersede = (date: string) =>
  sayIt(say(dropSuperseded, { ...contextOf(date), by: 'jane', images: dropExpired.example.images }))

const sort = (keep = 0, before = tomorrow) => sortOut(ledger, store, { before, keep })

async function isThere(...refs: readonly ArtifactRef[]): Promise<boolean[]> {
  const looks = refs.map((ref) =>
    store.open(ref).then(
      () => true,
      (error: unknown) => {
        if (error instanceof ArtifactMissing) return false
        throw error
      },
    ),
  )
  return await Promise.all(looks)
}

it('the images of drops that have ended go, whoever ended them; evidence and other drops stay', async () => {
  const [expired, superseded, living] = [await drop('20260101'), await drop('20260108'), await drop('20260115')]
  await expire('20260101')
  await supersede('20260108')
  const sorted = await sort()
  expect(sorted.ended.map((one) => [one.drop, one.images.length])).toEqual([
    ['weekly-Fedora-44-20260101.n.0', 2],
    ['weekly-Fedora-44-20260108.n.0', 2],
  ])
  expect(sorted).toMatchObject({ unknown: [], needed: { files: 5 }, young: { files: 0 } })
  expect(await removeUnneeded(sorted, store, { before: tomorrow, unknown: true })).toHaveLength(4)
  expect(await isThere(expired.disk, expired.made, superseded.disk, superseded.made)).toEqual([
    false,
    false,
    false,
    false,
  ])
  expect(
    await isThere(expired.packages, ...Object.values(superseded).slice(2), ...Object.values(living)),
  ).not.toContain(false)
  expect(await sort()).toMatchObject({ ended: [], unknown: [], needed: { files: 5 } })
})

it('what two drops have stays for as long as one of them does', async () => {
  const shared = await drop('20260101', 'the same disk')
  await drop('20260108', 'the same disk')
  await expire('20260101')
  expect((await sort()).ended).toEqual([])
  await expire('20260108')
  const sorted = await sort()
  expect(sorted.ended.flatMap(({ images }) => images)).toHaveLength(2)
  await removeUnneeded(sorted, store, { before: tomorrow, unknown: false })
  expect(await isThere(shared.disk)).toEqual([false])
})

it('drops that somebody still works on, that ended lately, and the newest of their kind keep their images', async () => {
  for (const date of ['20260101', '20260108', '20260115']) {
    await drop(date)
    await expire(date)
  }
  expect((await sort(2)).ended.map((one) => one.drop)).toEqual(['weekly-Fedora-44-20260101.n.0'])
  expect(await sort(0, new Date(Date.now() - 3_600_000))).toMatchObject({ ended: [], needed: { files: 9 } })
  const withdrawal = seal(say(dropExpired, { ...dropExpired.example, ...contextOf('20260101') }), { now: new Date() })
  await ledger.accept('ec2-publisher', [{ ...wanted(), envelope: withdrawal }], new Date())
  expect((await sort()).ended.map((one) => one.drop)).toEqual([
    'weekly-Fedora-44-20260108.n.0',
    'weekly-Fedora-44-20260115.n.0',
  ])
})

it('what no event names is told apart, and goes only when that is wanted', async () => {
  await drop('20260101')
  const lost = await store.keepBytes('work of a process that was killed', 'raw')
  const sorted = await sort()
  expect(sorted.unknown.map(({ sha256 }) => sha256)).toEqual([lost.sha256])
  expect(await removeUnneeded(sorted, store, { before: tomorrow, unknown: false })).toEqual([])
  expect(await isThere(lost)).toEqual([true])
  expect(await removeUnneeded(sorted, store, { before: tomorrow, unknown: true })).toHaveLength(1)
  expect(await isThere(lost)).toEqual([false])
})

it('what a waiting job has kept for itself is named', async () => {
  await drop('20260101')
  const half = await store.keepBytes('half of the work', 'raw')
  await ledger.accept('builder', [wanted()], new Date())
  const now = new Date()
  const [job] = await ledger.lease('builder', { owner: 'test', now, until: tomorrow, limit: 1 })
  const wait = { for: null, until: tomorrow, reason: 'a task', state: { engine: 'far', state: { half } }, events: [] }
  await ledger.park(job?.id ?? 0, 'test', wait, now)
  expect((await sort()).unknown).toEqual([])
})

it('a removal that was cut off goes on where it was, and what was kept again meanwhile stays', async () => {
  const { disk, made } = await drop('20260101')
  await expire('20260101')
  const sorted = await sort()
  let calls = 0
  const torn = {
    remove: (sha256: string, since: Date) => {
      calls += 1
      return calls > 1 ? Promise.reject(new Error('killed')) : store.remove(sha256, since)
    },
  }
  await expect(removeUnneeded(sorted, torn, { before: tomorrow, unknown: false })).rejects.toThrow('killed')
  expect((await isThere(disk, made)).filter(Boolean)).toHaveLength(1)
  expect(await removeUnneeded(sorted, store, { before: new Date(0), unknown: false })).toEqual([])
  expect(await removeUnneeded(await sort(), store, { before: tomorrow, unknown: false })).toHaveLength(1)
})

it('a store of which the ledger names nothing is not cleared out', async () => {
  await store.keepBytes("somebody else's", 'raw')
  const removal = sort().then((sorted) => removeUnneeded(sorted, store, { before: tomorrow, unknown: true }))
  await expect(removal).rejects.toThrow(/the ledger names none of the 1 artifacts in the store/)
})

it('the command shows what there is, and removes nothing that is young', async () => {
  await drop('20260101')
  await store.keepBytes('work of a process that was killed', 'raw')
  await expire('20260101')
  const { stdout } = await run(program, ['artifacts', '--remove', '--unknown', '--keep', '0', '--state', folder])
  expect(stdout.trim().split('\n')).toEqual([
    'of ended drops: 0 files, 0.0 MiB',
    'named by no event: 0 files, 0.0 MiB',
    'needed: 3 files, 0.0 MiB',
    'too young to tell: 1 file, 0.0 MiB',
    'removed: 0 files, 0.0 MiB',
  ])
}, 60_000)
