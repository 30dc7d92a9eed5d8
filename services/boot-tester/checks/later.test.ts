import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Answer } from './check.ts'
import { cleanShutdown } from './clean-shutdown/check.ts'
import { kernelUpdate } from './kernel-update/check.ts'
import { newInstance } from './new-instance/check.ts'
import { secondBoot } from './second-boot/check.ts'

/** What a good guest said under test, before and after its second boot. */
const recorded = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', 'testing', 'recorded', 'later.json'), 'utf8'),
) as Record<string, { readonly before: Answer; readonly after: Answer }>

it.each([secondBoot, kernelUpdate].map((check) => [check.name, check] as const))(
  '%s passes what a good guest said',
  (name, check) => {
    const said = recorded[name]
    if (said === undefined) throw new Error('it was not recorded')
    expect(check.judge(said.before, said.after)).toMatchObject({ outcome: 'passed' })
  },
)

const answer = (output: string, status = 0) => ({ status, output })

describe('second-boot', () => {
  const stays = [
    'the machine id: 44caaac42f3e42cfa5f629734e85a566',
    'the instance id: imagedrop-c0ffee',
    'ssh_host_ed25519_key.pub: AAAAC3NzaC1lZDI1NTE5AAAAIFirst',
    'config_runcmd.once: 613: 1795674142.64',
  ].join('\n')
  const before = answer(`${stays}\n-- now:\n0b4c0c4e-first`)
  const after = (kept = stays, now = '7f1e2d3c-second\nrunning') => answer(`${kept}\n-- now:\n${now}`)

  it('passes a guest that came back as it was', () => {
    expect(secondBoot.judge(before, after())).toEqual({
      outcome: 'passed',
      detail: 'the same machine: 4 things are as they were, no failed units',
    })
  })

  it.each([
    ['has not booted again', after(stays, '0b4c0c4e-first\nrunning'), 'it is still the first boot'],
    [
      'has other host keys',
      after(stays.replace('First', 'Other')),
      /^ssh_host_ed25519_key.pub has changed from .*Other/,
    ],
    ['has lost its id', after(stays.replace(/^.*\n/, '')), 'the machine id is gone'],
    [
      'did work of a first boot again',
      after(stays.replace('613: 1795674142.64', '598: 1795674299.02')),
      'config_runcmd.once has changed from 613: 1795674142.64 to 598: 1795674299.02',
    ],
    ['does something new once', after(`${stays}\nconfig_late.once: 7: 8`), 'config_late.once is new'],
    [
      'has a failed unit',
      after(stays, '7f1e2d3c-second\ndegraded\nfoo.service loaded failed failed Foo'),
      'system is degraded; foo.service failed',
    ],
    ['said nothing', answer('', 1), /^it is still the first boot; the machine id is gone/],
  ])('fails a guest that %s', (_, said, detail) => {
    expect(secondBoot.judge(before, said)).toEqual({
      outcome: 'failed',
      detail: typeof detail === 'string' ? detail : expect.stringMatching(detail),
    })
  })
})

describe('kernel-update', () => {
  const before = answer('kernel: 6.1.0-56-cloud-amd64\nmade: 6129426 /boot/initrd.img-6.1.0-56-cloud-amd64')
  const after = (initrd = 'initrd: 5988', kernel = '6.1.0-56-cloud-amd64') => answer(`kernel: ${kernel}\n${initrd}`)

  it('passes a guest whose kernel booted with the initrd that was made', () => {
    expect(kernelUpdate.judge(before, after())).toEqual({
      outcome: 'passed',
      detail:
        '6.1.0-56-cloud-amd64 was updated and made /boot/initrd.img-6.1.0-56-cloud-amd64 of 5986 KiB; 6.1.0-56-cloud-amd64 booted with 5988 KiB',
    })
    expect(kernelUpdate.judge(before, after(''))).toMatchObject({ outcome: 'passed' })
  })

  it.each([
    [
      'cannot make an initrd',
      answer('mkinitramfs: not found\nrun-parts: 127', 1),
      after(),
      'the update failed: mkinitramfs: not found; run-parts: 127',
    ],
    ['made none', answer('kernel: 6.1.0-56-cloud-amd64'), after(), 'the update made no initrd'],
    ['booted with the old one', before, after('initrd: 4711'), /booted with 4711 KiB$/],
    ['booted another kernel', before, after('initrd: 5988', '5.10.0-1'), /; 5.10.0-1 booted/],
  ])('fails a guest that %s', (_, first, second, detail) => {
    expect(kernelUpdate.judge(first, second)).toEqual({
      outcome: 'failed',
      detail: typeof detail === 'string' ? detail : expect.stringMatching(detail),
    })
  })
})

it.each([
  ['passed', 'ext4: clean', 'passed'],
  ['skipped', 'the disk of this machine cannot be read', 'passed'],
  ['failed', 'partition 2: its journal holds what it lacks', 'failed'],
] as const)('a guest whose file systems have %s (%s) has %s', (found, detail, outcome) => {
  expect(cleanShutdown.judge({ seconds: 4.4, fileSystems: { outcome: found, detail } })).toEqual({
    outcome,
    detail: `it powered itself off within 4 s; ${detail}`,
  })
})

it('another instance that learns all is one, and one that keeps the id of the first is not', () => {
  const learnt = { name: 'data-source', outcome: 'passed', detail: 'DataSourceNoCloud' } as const
  const id = { name: 'instance-id', outcome: 'failed', detail: 'it is "imagedrop-c0ffee"' } as const
  expect(newInstance.judge([learnt])).toEqual({ outcome: 'passed', detail: 'data-source' })
  expect(newInstance.judge([learnt, id])).toEqual({
    outcome: 'failed',
    detail: 'instance-id: it is "imagedrop-c0ffee"',
  })
})
