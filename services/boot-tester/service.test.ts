import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createFolderStore } from '#artifacts/folder.ts'
import type { ArtifactStore } from '#artifacts/store.ts'
import { say } from '#events/define.ts'
import { checkOutgoing } from '#events/parse.ts'
import { seal } from '#events/envelope.ts'
import { imageBuilt } from '#events/image-built.ts'
import type { ArtifactRef, CheckResult } from '#events/vocabulary.ts'
import { PermanentError, TransientError } from '#service/errors.ts'
import { testContext } from '#test/support/context.ts'
import { house } from '#test/support/house.ts'
import type { BootTest } from './boot-report.ts'
import { laterChecks } from './checks/index.ts'
import { createImageTest } from './image-test.ts'
import { assemble } from './main.ts'
import { bootNothing } from './machines/null/null-machine.ts'
import { readBootPolicy } from './plan/boot-policy.ts'
import { dataSourceNames } from './datasources/index.ts'
import { bootTester } from './service.ts'

const shippedBoots = join(import.meta.dirname, '../../deploy/boots.yaml')

let folder: string
let artifacts: ArtifactStore
let disk: ArtifactRef

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boot-tester-'))
  artifacts = await createFolderStore(join(folder, 'artifacts'))
  disk = await artifacts.keepBytes('a disk', 'raw')
  await mkdir(join(folder, 'work'))
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

function context() {
  return testContext({ folder, now: () => new Date('2026-11-26T12:00:00Z') })
}

function built(changes: { disk?: ArtifactRef } = {}) {
  return seal(say(imageBuilt, { ...imageBuilt.example, disk, ...changes }), { now: new Date() })
}

/** Handles the event and holds what is said to its schema. */
async function handle(bootTest: BootTest, event = built(), { attempt = 1 } = {}) {
  const testImage = createImageTest({
    policy: readBootPolicy(shippedBoots, { datasources: dataSourceNames, later: laterChecks.map(({ name }) => name) }),
    bootTestOf: () => bootTest,
    weights: [],
    known: [],
  })
  const events = await bootTester.handle(event, { artifacts, testImage, needs: () => ({}) }, { ...context(), attempt })
  if (!Array.isArray(events)) throw new Error('the boot tester keeps no state')
  for (const said of events) checkOutgoing(seal(said, { now: new Date(), causation: event }))
  return events
}

function finding(...checks: CheckResult[]): BootTest {
  return async (_, { workFolder }) => {
    await mkdir(workFolder, { recursive: true })
    await writeFile(join(workFolder, 'console.log'), 'test login:')
    await writeFile(join(workFolder, 'screen.png'), 'a picture')
    return {
      checks,
      console: join(workFolder, 'console.log'),
      screenshots: [{ moment: 'end', path: join(workFolder, 'screen.png') }],
      accelerator: 'tcg',
      seconds: 74.1,
      phases: [{ name: 'firmware', seconds: 0 }],
      requests: null,
    }
  }
}

const passed = { name: 'ssh', outcome: 'passed', seconds: 60, detail: 'debian logged in' } as const
const failed = { name: 'failed-units', outcome: 'failed', seconds: 61, detail: 'failed: foo.service' } as const

it('an image that passes every check has passed, and its evidence is kept', async () => {
  const [said] = await handle(finding(passed))
  expect(said).toMatchObject({
    subject: 'image.tested.v1',
    body: { verdict: 'passed', checks: [{ ...passed, boot: 'bios' }], disk, accelerator: 'tcg', seconds: 74.1 },
  })
  if (said?.subject !== 'image.tested.v1') throw new Error('not tested')
  await artifacts.verify(said.body.console)
  expect(said.body.screenshot).toMatchObject({ format: 'png', size: 9 })
  const { console, screenshot } = said.body
  expect(said.body.boots).toMatchObject([
    { name: 'bios', attempt: 1, outcome: 'passed', console, screenshots: [{ moment: 'end', ref: screenshot }] },
  ])
})

it('one failed check makes the verdict', async () => {
  expect(await handle(finding(passed, failed))).toMatchObject([
    {
      body: {
        verdict: 'failed',
        checks: [
          { ...passed, boot: 'bios' },
          { ...failed, boot: 'bios' },
        ],
      },
    },
  ])
})

it('a disk that the store does not have is a failed image that names it', async () => {
  const missing = { ...disk, sha256: '0'.repeat(64) }
  const [said] = await handle(finding(passed), built({ disk: missing }))
  expect(said).toMatchObject({ subject: 'image.failed.v1', body: { failure: { class: 'environment' } } })
  if (said?.subject !== 'image.failed.v1') throw new Error('not failed')
  expect(said.body.failure.reason).toContain(missing.sha256)
})

it('a disk of another size than promised is not booted', async () => {
  const [said] = await handle(finding(passed), built({ disk: { ...disk, size: 7 } }))
  expect(said?.subject).toBe('image.failed.v1')
})

it('no verdict is said when none was reached: it is tried again, and in the end it is the environment', async () => {
  const killed = () => Promise.reject(new TransientError('QEMU was killed'))
  await expect(handle(killed)).rejects.toThrow(TransientError)
  await expect(handle(killed)).rejects.toThrow('the boot tester could not tell: bios: QEMU was killed')
  await expect(handle(killed, built(), { attempt: 3 })).rejects.toMatchObject({ failureClass: 'environment' })
  const missing = new PermanentError('environment', 'there is no UEFI firmware')
  await expect(handle(() => Promise.reject(missing))).rejects.toMatchObject({ failureClass: 'environment' })
  await expect(handle(() => Promise.reject(new TypeError('a mistake of ours')))).rejects.toThrow(TypeError)
})

it('the same image twice is tested twice, with the same words and the same files', async () => {
  expect(await handle(finding(passed))).toEqual(await handle(finding(passed)))
})

it('the null machine passes at once and says that it booted nothing', async () => {
  expect(await handle(bootNothing)).toMatchObject([
    {
      subject: 'image.tested.v1',
      body: { verdict: 'passed', accelerator: 'none', screenshot: null, checks: [{ outcome: 'skipped' }] },
    },
  ])
})

it('is put together from the environment, and a wrong setting stops the start', async () => {
  const host = { ...house, stateFolder: folder, artifacts, log: pino({ level: 'silent' }), now: () => new Date() }
  const env = { IMAGEDROP_BOOT_TESTER_MACHINE: 'null', IMAGEDROP_BOOT_TESTER_CONCURRENCY: '3' }
  const { service } = await assemble({ ...host, env })
  expect(service).toMatchObject({ name: 'boot-tester', concurrency: 3 })
  const { events } = await service.handle(built(), context())
  expect(events).toMatchObject([
    { body: { accelerator: 'none', boots: [{ firmware: 'bios', datasource: 'nocloud' }] } },
  ])
  const { service: byItself } = await assemble({ ...host, env: { IMAGEDROP_BOOT_TESTER_MEMORY_MIB: '1000000000' } })
  expect(byItself.concurrency).toBe(1)
  const wrong = { ...host, env: { IMAGEDROP_BOOT_TESTER_ACCELERATOR: 'xen' } }
  await expect((async () => await assemble(wrong))()).rejects.toThrow(/IMAGEDROP_BOOT_TESTER_ACCELERATOR.*"xen"/)
})
