import { mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { exampleArtifact, exampleImage } from '#events/examples.ts'
import { sideBySide } from '#service/side-by-side.ts'
import { testContext } from '#test/support/context.ts'
import { ec2 } from '../datasources/ec2/datasource.ts'
import { noCloud } from '../datasources/nocloud/datasource.ts'
import { writeTalkingDisk } from '../testing/talking-disk.ts'
import { createSourceBoot } from './source-boot.ts'
import { smallMachine } from '../testing/small-machine.ts'

let folder: string
let disk: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boot-sources-'))
  disk = join(folder, 'disk.raw')
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

interface Guest {
  readonly says: string
  readonly idle: number
  readonly signal?: AbortSignal
}

/** Boots the disk in real machines of the smallest kind. */
async function boot({ says, idle, signal: ended = new AbortController().signal }: Guest) {
  await writeTalkingDisk(disk, { says, next: 'hang' })
  const machine = smallMachine(folder)
  const { size } = await stat(disk)
  const image = { image: exampleImage, disk: { ...exampleArtifact('raw'), size }, path: disk }
  const limits = { idle, total: 25_000 }
  const boots = [noCloud, ec2].map((datasource) => (signal: AbortSignal) => {
    const context = testContext({ folder: join(folder, datasource.name), signal })
    return createSourceBoot({ machine, datasource, limits, newNonce: () => 'c' })(image, context)
  })
  return await sideBySide(boots, { atOnce: boots.length, signal: ended })
}

it('each data source has a boot of its own, which ends when its guest has told, with evidence of its own', async () => {
  const says = [
    'datasource=<DataSourceNoCloud>',
    'instance-id=<imagedrop-c>',
    'hostname=<boot-test>',
    'authorized-keys=<1>',
    'end=<>',
  ]
  const reports = await boot({ says: says.map((line) => `imagedrop-c ${line}\r\n`).join(''), idle: 25_000 })
  const [byDisk, byServer] = reports
  expect(byDisk?.checks.filter(({ outcome }) => outcome !== 'passed')).toEqual([])
  expect(byDisk?.requests).toBeNull()
  // The same words from a guest that should have found EC2: its source and its id are wrong.
  expect(byServer?.checks.filter(({ outcome }) => outcome === 'failed').map(({ name }) => name)).toEqual([
    'data-source',
    'instance-id',
  ])
  expect(await readFile(byServer?.requests ?? '', 'utf8')).toBe('')
  expect(await readFile(byServer?.console ?? '', 'utf8')).toContain('imagedrop-c ')
  expect(byDisk?.console).not.toBe(byServer?.console)
  expect((await stat(byServer?.screenshots[0]?.path ?? '')).size).toBeGreaterThan(100)
})

it('a guest that tells nothing ends at the deadline, and is a finding', async () => {
  const reports = await boot({ says: 'hello', idle: 1_500 })
  expect(reports.flatMap(({ checks }) => checks.filter(({ outcome }) => outcome === 'failed'))).toHaveLength(2)
  expect(reports[0]?.checks[0]?.detail).toBe('no sign of life for 1.5 s; the last console line is "hello"')
})

it('cancelling ends all of them, and leaves no network and no machine', async () => {
  const controller = new AbortController()
  const booting = boot({ says: 'hello', idle: 25_000, signal: controller.signal })
  setTimeout(() => {
    controller.abort(new Error('cancelled by test'))
  }, 500)
  await expect(booting).rejects.toThrow('cancelled by test')
  expect(await runningIn(folder)).toEqual([])
})

async function runningIn(path: string): Promise<string[]> {
  const found: string[] = []
  for (const pid of await readdir('/proc')) {
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    if (commandLine.includes(`${path}/`)) found.push(commandLine.replaceAll('\0', ' '))
  }
  return found
}
