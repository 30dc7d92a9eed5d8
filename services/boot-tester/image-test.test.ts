import { expect, it } from 'vitest'
import { exampleArtifact, exampleImage } from '#events/examples.ts'
import type { CheckResult } from '#events/vocabulary.ts'
import { PermanentError, TransientError } from '#service/errors.ts'
import { noFolder, testContext } from '#test/support/context.ts'
import type { BootContext, BootTest } from './boot-report.ts'
import { createImageTest } from './image-test.ts'
import { parseBootPolicy } from './plan/boot-policy.ts'

const subject = { distribution: 'fedora-43', flavour: 'ec2', architecture: 'x86_64' }
const image = { image: exampleImage, subject, disk: exampleArtifact('raw'), path: '/disk.raw' }

function policy(row: string) {
  const boot = (firmware: string) =>
    `{ firmware: ${firmware}, chipset: q35, disk: nvme, tpm: false, datasource: nocloud }`
  return parseBootPolicy(
    `boots: { bios: ${boot('bios')}, uefi: ${boot('uefi')} }\nimages: [{ ${row} }]`,
    'boots.yaml',
    { datasources: ['nocloud'], later: [] },
  )
}

const passed: CheckResult = { name: 'ssh', outcome: 'passed', seconds: 3, detail: '' }
const failed: CheckResult = { ...passed, outcome: 'failed' }

/** What each boot comes to, try by try; the last holds for all others. */
type Script = Readonly<Record<string, readonly (CheckResult | Error)[]>>

async function testBy(row: string, script: Script, options: { disk?: CheckResult[]; signal?: AbortSignal } = {}) {
  const asked: Pick<BootContext, 'workFolder' | 'logFolder'>[] = []
  const phases: string[] = []
  const tries = new Map<string, number>()
  const bootTestOf = ({ name }: { name: string }): BootTest => {
    return async (_image, { workFolder, logFolder, progress }) => {
      const number = tries.get(name) ?? 0
      tries.set(name, number + 1)
      asked.push({ workFolder, logFolder })
      progress({ phase: 'kernel' })
      const end = script[name]?.[number] ?? script[name]?.at(-1)
      if (end instanceof Error) throw end
      const checks = end ? [end] : []
      const evidence = { console: `${logFolder}/console.log`, screenshots: [], requests: null, phases: [] }
      return await Promise.resolve({ ...evidence, checks, accelerator: 'tcg', seconds: 5 })
    }
  }
  const testImage = createImageTest({
    policy: policy(row),
    bootTestOf,
    weights: [],
    known: [],
    ...(options.disk && { checkDisk: () => Promise.resolve(options.disk ?? []) }),
  })
  const context = testContext({ progress: ({ phase }) => phases.push(phase) })
  const report = await testImage(image, { ...context, ...(options.signal && { signal: options.signal }) })
  const boots = report.boots.map(({ name, attempt, outcome }) => `${name} ${String(attempt)} ${outcome}`)
  return { ...report, boots, records: report.boots, asked, phases }
}

it('a failed boot does not hide the others, and each has folders of its own', async () => {
  const { verdict, boots, asked, records } = await testBy('boots: [bios, uefi]', { bios: [failed], uefi: [passed] })
  expect({ verdict, boots }).toEqual({ verdict: 'failed', boots: ['bios 1 failed', 'uefi 1 passed'] })
  expect(asked.map(({ logFolder }) => logFolder)).toEqual([`${noFolder}/bios`, `${noFolder}/uefi`])
  expect(records[1]).toMatchObject({
    firmware: 'uefi',
    chipset: 'q35',
    disk: 'nvme',
    tpm: false,
    datasource: 'nocloud',
  })
})

it('after a failed boot there are no others where the policy says so', async () => {
  const { verdict, boots } = await testBy('boots: [bios, uefi], after_failure: stop', { bios: [failed] })
  expect({ verdict, boots }).toEqual({ verdict: 'failed', boots: ['bios 1 failed'] })
})

it('a failed boot is tried again where the policy says so; both tries are kept, and the first counts', async () => {
  const { verdict, boots, notes, checks } = await testBy('boots: [bios], tries: 3', { bios: [failed, passed] })
  expect({ verdict, boots }).toEqual({ verdict: 'failed', boots: ['bios 1 failed', 'bios 2 passed'] })
  expect(notes).toEqual(['the boot bios is flaky: it failed, then passed'])
  expect(checks).toEqual([
    { ...failed, boot: 'bios' },
    { ...passed, boot: 'bios', attempt: 2 },
  ])
})

it('a lost machine is tried once more at once, whatever the policy says of failures', async () => {
  const lost = new TransientError('QEMU was killed')
  const again = await testBy('boots: [bios]', { bios: [lost, passed] })
  expect(again).toMatchObject({ verdict: 'passed', boots: ['bios 1 errored', 'bios 2 passed'] })
  expect(again.asked.map(({ workFolder }) => workFolder)).toEqual([`${noFolder}/bios`, `${noFolder}/bios-2`])
  const never = await testBy('boots: [bios]', { bios: [lost] })
  expect(never).toMatchObject({ verdict: 'errored', boots: ['bios 1 errored', 'bios 2 errored'], errors: [lost, lost] })
  expect(never.records[0]).toMatchObject({ reason: 'QEMU was killed', console: null, accelerator: 'none' })
})

it('what a host lacks is not tried again, and the boots that it can make are made', async () => {
  const lacking = new PermanentError('environment', 'there is no UEFI firmware')
  const found = await testBy('boots: [uefi, bios], tries: 3', { uefi: [lacking], bios: [passed] })
  expect(found).toMatchObject({ verdict: 'errored', boots: ['uefi 1 errored', 'bios 1 passed'] })
  const bad = await testBy('boots: [uefi, bios]', { uefi: [lacking], bios: [failed] })
  expect(bad.verdict).toBe('failed')
})

it('a mistake of ours is no finding, and neither is the end of the job', async () => {
  await expect(testBy('boots: [bios]', { bios: [new TypeError('ours')] })).rejects.toThrow(TypeError)
  const ended = testBy(
    'boots: [bios]',
    { bios: [new TransientError('x')] },
    { signal: AbortSignal.abort(new Error('stop')) },
  )
  await expect(ended).rejects.toThrow('stop')
})

it('a disk that fails its checks is not booted', async () => {
  const broken = await testBy('boots: [bios]', { bios: [passed] }, { disk: [{ ...failed, name: 'fstab' }] })
  expect(broken).toMatchObject({ verdict: 'failed', boots: [], checks: [{ name: 'fstab', outcome: 'failed' }] })
  const sound = await testBy('boots: [bios]', { bios: [passed] }, { disk: [{ ...passed, name: 'fstab' }] })
  expect(sound.checks.map(({ name, boot }) => `${name} ${boot ?? 'disk'}`)).toEqual(['fstab disk', 'ssh bios'])
})

it('progress names the boot where there are several', async () => {
  expect((await testBy('boots: [bios]', { bios: [passed] })).phases).toEqual(['kernel'])
  const { phases } = await testBy('boots: [bios, uefi], tries: 2', { bios: [failed], uefi: [passed] })
  expect(phases).toEqual(['bios: kernel', 'bios-2: kernel', 'uefi: kernel'])
})
