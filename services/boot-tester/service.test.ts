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
import { TransientError } from '#service/errors.ts'
import { testContext } from '#test/support/context.ts'
import { house } from '#test/support/house.ts'
import type { BootTest } from './boot-report.ts'
import { assemble } from './main.ts'
import { bootNothing } from './machines/null/null-machine.ts'
import { bootTester } from './service.ts'

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
  return testContext({ folder })
}

function built(changes: { disk?: ArtifactRef } = {}) {
  return seal(say(imageBuilt, { ...imageBuilt.example, disk, ...changes }), { now: new Date() })
}

/** Handles the event and holds what is said to its schema. */
async function handle(bootTest: BootTest, event = built()) {
  const events = await bootTester.handle(event, { artifacts, bootTest }, context())
  if (!Array.isArray(events)) throw new Error('the boot tester keeps no state')
  for (const said of events) checkOutgoing(seal(said, { now: new Date(), causation: event }))
  return events
}

function finding(...checks: CheckResult[]): BootTest {
  return async (_, { workFolder }) => {
    await writeFile(join(workFolder, 'console.log'), 'test login:')
    await writeFile(join(workFolder, 'screen.png'), 'a picture')
    return {
      checks,
      console: join(workFolder, 'console.log'),
      screenshot: join(workFolder, 'screen.png'),
      accelerator: 'tcg',
      seconds: 74.1,
    }
  }
}

const passed = { name: 'ssh', outcome: 'passed', seconds: 60, detail: 'debian logged in' } as const
const failed = { name: 'failed-units', outcome: 'failed', seconds: 61, detail: 'failed: foo.service' } as const

it('an image that passes every check has passed, and its evidence is kept', async () => {
  const [said] = await handle(finding(passed))
  expect(said).toMatchObject({
    subject: 'image.tested.v1',
    body: { verdict: 'passed', checks: [passed], disk, accelerator: 'tcg', seconds: 74.1 },
  })
  if (said?.subject !== 'image.tested.v1') throw new Error('not tested')
  await artifacts.verify(said.body.console)
  expect(said.body.screenshot).toMatchObject({ format: 'png', size: 9 })
})

it('one failed check makes the verdict', async () => {
  expect(await handle(finding(passed, failed))).toMatchObject([
    { body: { verdict: 'failed', checks: [passed, failed] } },
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

it('no verdict is said when none was reached', async () => {
  await expect(handle(() => Promise.reject(new TransientError('QEMU was killed')))).rejects.toThrow('QEMU was killed')
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
  expect(events).toMatchObject([{ body: { accelerator: 'none' } }])
  const { service: byItself } = await assemble({ ...host, env: { IMAGEDROP_BOOT_TESTER_MEMORY_MIB: '1000000000' } })
  expect(byItself.concurrency).toBe(1)
  const wrong = { ...host, env: { IMAGEDROP_BOOT_TESTER_ACCELERATOR: 'xen' } }
  await expect((async () => await assemble(wrong))()).rejects.toThrow(/IMAGEDROP_BOOT_TESTER_ACCELERATOR.*"xen"/)
})
