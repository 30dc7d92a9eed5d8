import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run } from '#subprocess/run.ts'
import { checkDisk, withSystem } from '../check-disk.ts'
import { damage, type RootDamage } from '../testing/damages/damage.ts'
import { makeCloudImage, packageStatus } from '../testing/small-cloud-image.ts'
import { readAllowances, type Allowances } from './allowances.ts'
import { createReferenceCheck, describeDeviation } from './check.ts'
import { compareWithReference, type ReferenceComparison } from './compare.ts'
import { readSystemFacts, sections } from './facts.ts'
import { parseReference, readReference, writeReference, type Reference } from './reference.ts'

let folder: string
let installed: string
let reference: Reference
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reference-'))
  installed = await makeCloudImage(folder)
  const facts = await withSystem(installed, { scratch: folder }, readSystemFacts)
  const made = { on: '2026-11-26', by: 'hand', how: 'as the test says', again: 'the test' }
  reference = { system: 'debian', title: 'Small Linux 1', made, knows: 'all', facts }
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

const none: Allowances = { warns: [], allowed: [] }
const wants = '/etc/systemd/system/multi-user.target.wants'

/** What differs in a disk that was changed, and the word of the check. */
async function changed(change: RootDamage, allowances = none, to = reference) {
  const disk = join(folder, 'changed.raw')
  await run('cp', ['--sparse=always', installed, disk])
  await damage(disk, { check: 'reference', what: 'a change', says: /./, ...change })
  let compared: ReferenceComparison | null = null
  const onCompared = (comparison: ReferenceComparison) => {
    compared = comparison
  }
  const checks = [createReferenceCheck({ reference: to, allowances, onCompared })]
  const [result] = await checkDisk(disk, { scratch: folder, checks })
  return { ...result, ...(compared ?? { deviations: [], allowed: [], unused: [], unknown: [] }) }
}

it('a system is as it was recorded, also when the record was written and read', async () => {
  expect(parseReference(writeReference(reference))).toEqual(reference)
  expect(await changed({})).toMatchObject({ outcome: 'passed', detail: 'differences with a reason: 0', deviations: [] })
})

describe('what is not as it was installed is told in either direction', () => {
  const miner = [`symlink ${wants}/miner.service /lib/systemd/system/miner.service`]
  it.each<[string, RootDamage, string[]]>([
    [
      'a package is missing',
      { files: { '/var/lib/dpkg/status': packageStatus().replace(/Package: sudo\n[^]*?\n\n/, '') } },
      ['packages: sudo is missing'],
    ],
    [
      'a package is only known, no longer installed',
      {
        files: {
          '/var/lib/dpkg/status': packageStatus().replace(
            /(Package: sudo\nStatus: )install ok installed/,
            '$1deinstall ok config-files',
          ),
        },
      },
      ['packages: sudo is missing'],
    ],
    ['a unit starts', { requests: miner }, ['units: system miner.service is added (wanted by multi-user.target)']],
    [
      'a unit does not start',
      { requests: [`rm ${wants}/ssh.service`] },
      ['units: system ssh.service: wanted by is not set, recorded multi-user.target'],
    ],
    [
      'the time zone is another',
      { requests: ['rm /etc/localtime', 'symlink /etc/localtime /usr/share/zoneinfo/Europe/Berlin'] },
      ['settings: time zone: value is Europe/Berlin, recorded Etc/UTC'],
    ],
    [
      'somebody may become root',
      { files: { '/etc/sudoers.d/90-build': 'build ALL=(ALL) NOPASSWD: ALL\n' } },
      ['sudo: build ALL=(ALL) NOPASSWD: ALL is added (in /etc/sudoers.d/90-build)'],
    ],
    [
      'a program has the rights of root',
      { requests: ['set_inode_field /usr/bin/tool mode 0104755'] },
      [
        'privileged files: /usr/bin/same-tool is added (mode 4755, owner root:root)',
        'privileged files: /usr/bin/tool is added (mode 4755, owner root:root)',
      ],
    ],
    [
      'an account was made',
      { files: { '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nbuild:x:1000:1000::/home/build:/bin/sh\n' } },
      [
        'accounts: user build is added (home /home/build, shell /bin/sh)',
        'accounts: user nobody: home is not set, recorded /',
        'accounts: user nobody: shell is not set, recorded /usr/sbin/nologin',
      ],
    ],
    [
      'sshd is set up in a file of its own, where the first word counts',
      {
        requests: ['mkdir /etc/ssh/sshd_config.d'],
        files: {
          '/etc/ssh/sshd_config': 'Include sshd_config.d/*.conf\nPermitRootLogin no\n',
          '/etc/ssh/sshd_config.d/10-root.conf': 'PermitRootLogin yes\n',
        },
      },
      ['sshd: permitrootlogin is added (yes)'],
    ],
    [
      'the kernel is told something at boot, by the file that comes last and is hidden by none',
      {
        requests: ['mkdir /etc/sysctl.d', 'mkdir /usr/lib/sysctl.d'],
        files: {
          '/usr/lib/sysctl.d/50-a.conf': 'net/ipv4/ip_forward = 0\n',
          '/etc/sysctl.d/60-b.conf': '-net.ipv4.ip_forward=1\n',
          '/usr/lib/sysctl.d/70-c.conf': 'kernel.sysrq = 1\n',
          '/etc/sysctl.d/70-c.conf': '# not here\n',
        },
      },
      ['sysctl: net.ipv4.ip_forward is added (1)'],
    ],
    [
      'packages come from elsewhere',
      {
        files: { '/etc/apt/sources.list': 'deb [trusted=yes] https://example.net/debian bookworm contrib non-free\n' },
      },
      [
        'package sources: deb bookworm contrib is added (signature not asked for)',
        'package sources: deb bookworm non-free is added (signature not asked for)',
      ],
    ],
    [
      'something is mounted',
      { files: { '/etc/fstab': '/dev/vdb /data ext4 noauto 0 2\n' } },
      [
        'fstab: / is missing (by UUID, kind ext4, options defaults, pass 1)',
        'fstab: /data is added (by /dev/vdb, kind ext4, options noauto, pass 2)',
      ],
    ],
  ])('%s', async (_, change, told) => {
    const { outcome, detail = '', deviations } = await changed(change)
    expect(deviations.map(describeDeviation)).toEqual(told)
    expect({ outcome, detail }).toEqual({ outcome: 'failed', detail: expect.stringContaining(told[0] ?? '') })
  })
})

it('a difference that is allowed is counted with its reason, and only in the direction that is allowed', async () => {
  const files = {
    '/var/lib/dpkg/status': packageStatus('Package: tool-new\nStatus: install ok installed\nVersion: 1\n\n'),
  }
  const allowed = (aspect: string): Allowances => ({
    warns: [],
    allowed: [{ section: 'packages', names: ['tool-*'], aspects: [aspect], reason: 'tools are welcome' }],
  })
  expect(await changed({ files }, allowed('added'))).toMatchObject({
    outcome: 'passed',
    detail: 'differences with a reason: 1',
    allowed: [{ reason: 'tools are welcome', deviations: [{ name: 'tool-new' }] }],
    unused: [],
  })
  expect(await changed({ files }, allowed('missing'))).toMatchObject({
    outcome: 'failed',
    detail: 'packages: tool-new is added',
    unused: ['tools are welcome'],
  })
})

it('an image of another system is not compared', async () => {
  const files = { '/etc/os-release': 'ID=debian\nVERSION_ID="13"\n' }
  expect(await changed({ files })).toMatchObject({
    outcome: 'failed',
    detail: 'it is debian-13, and the reference is of debian',
    deviations: [],
  })
})

it('what only warns fails no image, and is told', async () => {
  const requests = [`rm ${wants}/ssh.service`]
  expect(await changed({ requests }, { ...none, warns: ['units'] })).toMatchObject({
    outcome: 'passed',
    detail: 'differences with a reason: 0, without that only warn: 1',
    deviations: [{ section: 'units', severity: 'warning' }],
  })
})

it('of a reference that knows only some things, no other is compared, and parts of which it knows nothing are told', async () => {
  const facts = {
    settings: new Map([['time zone', { value: 'Europe/Berlin' }]]),
    packages: new Map([
      ['sudo', {}],
      ['firewalld', {}],
    ]),
  }
  const { deviations, unknown } = await changed({}, none, { ...reference, knows: 'some', facts })
  expect(deviations.map(describeDeviation)).toEqual([
    'settings: time zone: value is Etc/UTC, recorded Europe/Berlin',
    'packages: firewalld is missing',
  ])
  expect(unknown).toEqual(sections.filter((section) => !(section in facts)))
})

describe('what comes with us', async () => {
  const systems = (await readdir(join(import.meta.dirname, 'systems'))).filter((name) => name.endsWith('.json'))
  it.each(systems.map((name) => name.replace('.json', '')))('%s has facts in every part, and reasons', async (name) => {
    const found = await readReference(name)
    if (found === null) throw new Error('it cannot be read')
    expect(found.system).toBe(name)
    expect(Object.entries(found.facts).filter(([, facts]) => facts.size === 0)).toEqual([])
    expect(compareWithReference(found, found.facts, none).deviations).toEqual([])
    const { allowed } = await readAllowances(name)
    expect(new Set(allowed.map(({ reason }) => reason)).size).toBe(allowed.length)
    expect(await readFile(join(import.meta.dirname, 'systems', `${name}.json`), 'utf8')).toBe(writeReference(found))
  })

  it('is found by its name, another by its file, and no other', async () => {
    const file = join(folder, 'own.json')
    await writeFile(file, writeReference(reference))
    expect(await readReference(file)).toEqual(reference)
    expect(await readReference('beos-5')).toBeNull()
  })
})
