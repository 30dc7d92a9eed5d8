import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createFolderStore } from '#artifacts/folder.ts'
import { keyOfDrop } from '#drop/read.ts'
import { unknownDrop, unknownImage, type DropState } from '#drop/state.ts'
import { say } from '#events/define.ts'
import { dropScheduled } from '#events/drop-scheduled.ts'
import { seal } from '#events/envelope.ts'
import { exampleArtifact, exampleDrop, exampleImage } from '#events/examples.ts'
import { ToolFailed } from '#subprocess/errors.ts'
import { run } from '#subprocess/run.ts'
import { openLedger } from '../backends/open-ledger.ts'
import { readLedgerSettings } from '../backends/settings.ts'
import { buildAgain } from '../reproduce/build-again.ts'
import { findServices } from '../services.ts'

const image = { ...exampleImage, engines: ['null'] }
const plan = { ...dropScheduled.example, images: [image] }
const log = pino({ level: 'silent' })

let home: string
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'imagedrop-reproduce-'))
})
afterAll(() => rm(home, { recursive: true }))

/** A state folder in which a drop has one image, built by the engine that builds nothing. */
async function stateWith(change: (disk: Buffer) => Buffer): Promise<string> {
  const stateFolder = await mkdtemp(join(home, 'state-'))
  const engine = { name: 'null', version: '1', earlier: [] }
  const asked = { drop: exampleDrop, compose: plan.compose, image, disk: exampleArtifact('raw'), engine, recipe: null }
  const { built, artifacts } = await buildAgain(
    { ...asked, packages: exampleArtifact('json') },
    {
      folder: await mkdtemp(join(home, 'first-')),
      services: await findServices({}),
      env: {},
      log,
      signal: AbortSignal.timeout(30_000),
      progress: () => {},
    },
  )
  const kept = await createFolderStore(join(stateFolder, 'artifacts'))
  const disk = await kept.keepBytes(change(await readFile(await artifacts.open(built.disk))), 'raw')
  const packages = await kept.keepBytes(await readFile(await artifacts.open(built.packages)), 'json')
  const word = { time: '2013-05-21T10:00:00Z', disk: disk.sha256, image: disk, packages, engine: built.engine }
  const images = { 'ec2.x86_64': { ...unknownImage, built: { ...word, recipe: built.recipe } } }
  await remember(stateFolder, { ...unknownDrop, plan, images })
  return stateFolder
}

/** Writes what the scheduler knows of the drop, as its job would. */
async function remember(stateFolder: string, state: DropState): Promise<void> {
  await using ledger = await openLedger(readLedgerSettings({}), stateFolder, log)
  const now = new Date()
  const envelope = seal(say(dropScheduled, plan), { now })
  await ledger.accept('scheduler', [{ envelope, key: 'key', wanted: true, endsWork: false }], now)
  const until = new Date(now.getTime() + 60_000)
  const [job] = await ledger.lease('scheduler', { owner: 'test', now, until, limit: 1 })
  const entity = { key: keyOfDrop(exampleDrop), version: 0, state }
  await ledger.finish(job?.id ?? 0, 'test', { state: 'done', events: [], entity }, now)
}

async function reproduce(stateFolder: string, ...args: string[]) {
  const program = join(import.meta.dirname, '../main.ts')
  return await run(process.execPath, [program, 'reproduce', ...args, '--state', stateFolder], { okCodes: [0, 1] })
}

it('an image that comes out the same ends with 0, and nothing stays behind', async () => {
  const stateFolder = await stateWith((disk) => disk)
  const { code, stdout } = await reproduce(stateFolder, exampleDrop, 'ec2.x86_64')
  expect(stdout).toMatch(/^ec2.x86_64 of milestone-Fedora-19-20130521.0, built again in \d+ s\n/)
  expect(stdout).toMatch(/\n✓ disk {6}bit by bit, SHA-256 [0-9a-f]{64}\nthe same bits\n$/)
  expect(code).toBe(0)
  expect(await readdir(join(stateFolder, 'reproduce'))).toEqual([])
})

it('other bits end with 1 and are kept, with the place where they begin', async () => {
  const stateFolder = await stateWith((disk) => Buffer.from(disk).fill('x', 8192, 8193))
  const { code, stdout } = await reproduce(stateFolder, exampleDrop, 'ec2.x86_64', '--json')
  const report = JSON.parse(stdout) as { same: boolean; disk: string; likenesses: { what: string; detail: string }[] }
  expect(code).toBe(1)
  expect(report.same).toBe(false)
  expect(report.likenesses.at(-1)?.detail).toMatch(/^first at byte 8192, in 1 of 16 blocks of 4 KiB; /)
  expect((await readFile(report.disk)).length).toBe(64 * 1024)
})

it('a drop or an image that there is not is answered at once', async () => {
  await expect(reproduce(home, 'weekly-none', 'ec2.x86_64')).rejects.toThrow(ToolFailed)
})
