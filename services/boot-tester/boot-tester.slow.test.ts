import { copyFile, mkdir, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createFolderStore, linkArtifact } from '#artifacts/folder.ts'
import type { ArtifactStore } from '#artifacts/store.ts'
import { say } from '#events/define.ts'
import { seal } from '#events/envelope.ts'
import { imageBuilt } from '#events/image-built.ts'
import type { ImageTested } from '#events/image-tested.ts'
import { architecture, type ArtifactRef } from '#events/vocabulary.ts'
import { checks } from './checks/index.ts'
import { assemble } from './main.ts'

/** A raw disk that a recipe of this project has made, and its architecture. */
const disk = process.env['IMAGEDROP_TEST_DISK']
const arch = architecture.parse(process.env['IMAGEDROP_TEST_DISK_ARCHITECTURE'] ?? 'x86_64')

let folder: string
let artifacts: ArtifactStore

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boot-tester-slow-'))
  artifacts = await createFolderStore(join(folder, 'artifacts'))
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

async function testImage(ref: ArtifactRef, name: string, idleSeconds: number): Promise<ImageTested> {
  const host = { stateFolder: folder, artifacts, log: pino({ level: 'silent' }), now: () => new Date() }
  const { service } = await assemble({ ...host, env: { IMAGEDROP_BOOT_TESTER_IDLE_SECONDS: String(idleSeconds) } })
  const image = { ...imageBuilt.example.image, architecture: arch, flavour: 'generic' as const, recipe: 'debian-12' }
  const workFolder = join(folder, name)
  await mkdir(workFolder)
  const { events } = await service.handle(
    seal(say(imageBuilt, { ...imageBuilt.example, image, disk: ref }), { now: new Date() }),
    {
      signal: new AbortController().signal,
      progress: () => {},
      log: host.log,
      now: host.now,
      attempt: 1,
      workFolder,
      logFolder: join(folder, 'logs', name),
      state: null,
    },
  )
  return events[0]?.body as ImageTested
}

describe.skipIf(disk === undefined)('a real image (IMAGEDROP_TEST_DISK names it)', () => {
  test('passes every check, with its console and a screenshot as evidence', async () => {
    await using draft = await artifacts.draft('disk.raw')
    await linkArtifact(disk ?? '', draft.path)
    const ref = await artifacts.keep(draft, { format: 'raw' })
    const tested = await testImage(ref, 'good', 300)
    expect(tested.checks.filter(({ outcome }) => outcome !== 'passed')).toEqual([])
    expect(tested.checks.map(({ name }) => name)).toEqual(checks.map(({ name }) => name))
    expect(tested.verdict).toBe('passed')
    expect(tested.screenshot?.size).toBeGreaterThan(500)
    await artifacts.verify(ref)
  })

  test('with a torn file system it fails, and its evidence is kept', async () => {
    await using draft = await artifacts.draft('disk.raw')
    await copyFile(disk ?? '', draft.path)
    {
      await using file = await open(draft.path, 'r+')
      // The superblock of the root file system, and much else.
      await file.write(Buffer.alloc(1024 * 1024, 0x5a), 0, 1024 * 1024, 2 * 1024 * 1024)
    }
    const tested = await testImage(await artifacts.keep(draft, { format: 'raw' }), 'torn', 60)
    expect(tested.verdict).toBe('failed')
    expect(tested.checks.find(({ name }) => name === 'cloud-init')).toMatchObject({ outcome: 'failed' })
  })
})
