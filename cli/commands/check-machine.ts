import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { messageOf } from '#service/errors.ts'
import { checks, laterChecks } from '../../services/boot-tester/checks/index.ts'
import { askable, checkMachine, type ExistingMachine } from '../../services/boot-tester/machines/ssh/check-machine.ts'
import { namingPackage } from '../../services/boot-tester/host-tools.ts'
import { defineCommand } from '../command.ts'
import type { Options } from '../option.ts'
import { someOf, wholeNumber } from '../options.ts'
import { waitForEnd } from '../signals.ts'
import { UsageError } from '../usage.ts'
import { renderDiskChecks, type DiskVerdict } from '../view/disk-checks.ts'
import { safeText } from '../view/safe-text.ts'

const rebootChecks = laterChecks.filter((check) => check.on === 'reboot')
const laterNames = rebootChecks.map(({ name }) => name)
const checkNames = askable(checks, { user: '' }).map(({ name }) => name)

const options = {
  key: {
    value: 'FILE',
    means: 'the private key that lets the user in',
    otherwise: '~/.ssh/id_ed25519',
    example: 'key',
  },
  'known-hosts': {
    value: 'FILE',
    means: 'the host key that it has to have, as ssh keeps them; no other is let pass',
    otherwise: '~/.ssh/known_hosts',
    example: 'known_hosts',
  },
  port: {
    value: 'NUMBER',
    means: 'where its ssh server listens',
    default: '22',
    example: '2222',
    read: wholeNumber(1, 65_535),
  },
  checks: {
    value: 'NAMES',
    means: `only these checks: ${checkNames.join(', ')}`,
    otherwise: 'all of these',
    example: 'ssh,failed-units',
    read: someOf(checkNames),
  },
  later: {
    value: 'NAMES',
    means: `restart the machine once, for these checks: ${laterNames.join(', ')}`,
    otherwise: 'it is not restarted',
    example: 'second-boot',
    read: someOf(laterNames),
  },
  within: {
    value: 'SECONDS',
    means: 'how long all of it may take, in seconds',
    default: '900',
    example: '300',
    read: wholeNumber(1, 86_400),
  },
  json: { means: 'print one JSON document: every check, with what it proves and the rule it comes from' },
} as const satisfies Options

export const checkMachineCommand = defineCommand({
  name: 'check-machine',
  summary: 'ask a machine that is there already what a boot test asks its guests, by ssh',
  argument: {
    name: 'USER@HOST',
    means: 'who may become root there by sudo, or root, and where; its power and its disk are left alone',
  },
  options,
  examples: ['check-machine debian@203.0.113.7', 'check-machine --key key --later second-boot fedora@203.0.113.7'],
  exits: {
    0: 'no check failed, but for those that only warn',
    1: 'a check failed, and what it found is said',
    3: 'the machine could not be asked, and why is said',
  },
  async run({ values, args: [name = ''] }) {
    const [, user, host] = /^([a-z_][a-z0-9_.-]*)@([^-@\s][^@\s]*)$/i.exec(name) ?? []
    if (user === undefined || host === undefined) {
      throw new UsageError(`expected USER@HOST, got ${JSON.stringify(name)}`)
    }
    const machine = {
      user,
      host,
      port: values.port,
      privateKeyFile: values.key ?? join(homedir(), '.ssh', 'id_ed25519'),
      knownHostsFile: values['known-hosts'] ?? join(homedir(), '.ssh', 'known_hosts'),
    }
    const chosen = checks.filter((check) => values.checks?.includes(check.name) ?? true)
    const later = rebootChecks.filter((check) => values.later?.includes(check.name) ?? false)
    try {
      const found = await ask(machine, name, { checks: chosen, later, within: values.within * 1000 })
      process.stdout.write(values.json ? `${JSON.stringify(found)}\n` : `${renderDiskChecks(found).join('\n')}\n`)
      return found.verdict === 'passed' ? 0 : 1
    } catch (error) {
      process.stderr.write(`imagedrop: ${safeText(messageOf(namingPackage(error)))}\n`)
      return 3
    }
  },
})

type Wanted = Pick<Parameters<typeof checkMachine>[1], 'checks' | 'later' | 'within'>

async function ask(machine: ExistingMachine, name: string, wanted: Wanted): Promise<DiskVerdict> {
  const ending = new AbortController()
  void waitForEnd().then((signal) => {
    ending.abort(new Error(`stopped by ${signal}`))
  })
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-check-machine-'))
  try {
    const results = await checkMachine(machine, {
      ...wanted,
      nonce: randomBytes(8).toString('hex'),
      log: join(folder, 'ssh.log'),
      signal: ending.signal,
      now: () => new Date(),
    })
    const known = [...wanted.checks, ...wanted.later]
    const judged = results.map(({ name, outcome, detail }) => {
      const { severity = 'error', description = '', rule = '' } = known.find((one) => one.name === name) ?? {}
      return { name, outcome, severity, detail, description, rule }
    })
    const isUnfit = judged.some(({ outcome, severity }) => outcome === 'failed' && severity === 'error')
    return { image: name, verdict: isUnfit ? 'failed' : 'passed', checks: judged }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
