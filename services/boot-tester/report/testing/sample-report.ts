import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CheckResult } from '#events/vocabulary.ts'
import type { BootRun } from '../../image-report.ts'
import { pngFromPpm } from '../../machines/qemu/screenshot.ts'
import type { Reported } from '../subject.ts'

/** What a guest may say to harm who reads it. */
export const hostile = `</pre><script>alert("1")</script>]]>&amp;\u202e\u0007`

/** A report with everything that one may have: files of its boots lie in `folder`. */
export async function sampleReport(folder: string): Promise<Reported> {
  const console = join(folder, 'console.log')
  const requests = join(folder, 'requests.jsonl')
  const screen = join(folder, 'screen.png')
  await writeFile(
    console,
    `\u001b[2J\u001b[01;01HGRUB loading.\r\n[    0.0] Linux version 6.1.0\r\n\u001b[0;32mOK\u001b[0m ${hostile}\r\ntest login: `,
  )
  await writeFile(requests, '{"at":"2026-11-26T12:00:01Z","method":"PUT","url":"/latest/api/token","status":200}\n')
  await writeFile(screen, pngFromPpm(Buffer.concat([Buffer.from('P6\n64 40\n255\n'), Buffer.alloc(64 * 40 * 3, 32)])))
  const screenshots = (['loader', 'boot', 'login', 'end'] as const).map((moment) => ({ moment, path: screen }))
  const ended: BootRun = {
    name: 'bios',
    attempt: 1,
    outcome: 'failed',
    reason: null,
    firmware: 'bios',
    chipset: 'i440fx',
    disk: 'virtio',
    tpm: false,
    datasource: 'ec2',
    accelerator: 'tcg',
    seconds: 71.5,
    phases: [
      { name: 'firmware', seconds: 0 },
      { name: 'kernel', seconds: 4.2 },
      { name: 'userspace', seconds: 13 },
      { name: 'cloud-init', seconds: 22.5 },
      { name: 'checks', seconds: 60 },
    ],
    console,
    screenshots,
    requests,
  }
  const lost: BootRun = {
    ...ended,
    name: 'uefi',
    outcome: 'errored',
    reason: 'QEMU was killed',
    firmware: 'uefi',
    accelerator: 'none',
    seconds: 0,
    phases: [],
    console: null,
    screenshots: [],
    requests: null,
  }
  return {
    name: 'ec2.x86_64 of weekly-Debian-12-20261121.n.0',
    verdict: 'failed',
    disk: { sha256: '91a3fa09c2a25ba0a0a7c6cd6b2b5e6a7b0b1b5f7d6f0c9a8e7d6c5b4a392817', size: 2 ** 29 },
    testedAt: new Date('2026-11-26T12:00:00Z'),
    checks: sampleChecks,
    boots: [ended, { ...ended, attempt: 2, outcome: 'passed' }, lost],
    notes: ['the boot bios is flaky: it failed, then passed'],
    errors: [],
  }
}

const link = 'https://bugs.example.org/1?a=1&b=2'

const sampleChecks: readonly CheckResult[] = [
  { name: 'fstab', outcome: 'passed', seconds: 0, detail: 'all is there' },
  { name: 'login-prompt', outcome: 'passed', seconds: 40.1, detail: 'test login:', boot: 'bios' },
  {
    name: 'ssh',
    outcome: 'failed',
    seconds: 65,
    detail: `Permission denied ${hostile}`,
    boot: 'bios',
    expected: 'the default user logs in by ssh',
    lines: ['Starting ssh', hostile],
  },
  { name: 'failed-units', outcome: 'skipped', seconds: 70, detail: 'there was no shell to ask', boot: 'bios' },
  {
    name: 'kernel-errors',
    outcome: 'failed',
    seconds: 70,
    detail: 'an oops',
    boot: 'bios',
    waived: { why: 'known', reason: 'the driver is old', link, until: '2026-12-31' },
  },
  { name: 'ssh', outcome: 'passed', seconds: 61, detail: 'debian logged in', boot: 'bios', attempt: 2 },
]
