import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { run } from '#subprocess/run.ts'
import { house } from '#test/support/house.ts'
import { readAllSettings } from './settings.ts'

const root = join(import.meta.dirname, '..', '..')
const read = (path: string) => readFile(join(root, path), 'utf8')

interface Container {
  readonly image: string
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly user?: string
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly cap_add?: readonly string[]
  readonly security_opt?: readonly string[]
  readonly devices?: readonly string[]
  readonly mem_limit?: string
  readonly pids_limit?: number
  readonly healthcheck?: object
  readonly stop_grace_period?: string
  readonly privileged?: boolean
}

const compose = parse(await read('compose.yaml'), { merge: true }) as { services: Readonly<Record<string, Container>> }
const services = house.names
const ours = Object.entries(compose.services).filter(([name]) => [...services, 'migrate', 'operator'].includes(name))

describe('compose.yaml', () => {
  it('has a stanza for every service, and runs in it what it is named for', () => {
    for (const name of services) expect(compose.services[name]?.command?.slice(0, 2)).toEqual(['serve', name])
  })

  it.each(ours)('holds %s to no root, no writing, no capabilities and bounded resources', (name, container) => {
    expect(container).toMatchObject({ user: '10001:10001', read_only: true, cap_drop: ['ALL'] })
    expect(container.mem_limit).toMatch(/^\d+[mg]$/)
    expect(container.pids_limit).toBeGreaterThan(0)
    expect(container.privileged ?? false).toBe(false)
    const exceptions = { caps: container.cap_add ?? [], devices: (container.devices ?? []).length }
    const expected = {
      builder: { caps: ['SETUID', 'SETGID'], devices: 0 },
      'boot-tester': { caps: [], devices: 1 },
    }[name]
    expect(exceptions).toEqual(expected ?? { caps: [], devices: 0 })
    if (name !== 'builder') expect(container.security_opt).toEqual(['no-new-privileges:true'])
  })

  it.each(ours)('tells %s only settings that it has, with values that it takes', async (name, container) => {
    await readAllSettings(name, filled(container.environment ?? {}))
  })

  it.each(ours)('gives %s accounts of its own at the broker and at the database', (name, { environment = {} }) => {
    const account = name === 'migrate' ? 'owner' : name
    const password = `\\$\\{${account.toUpperCase().replaceAll('-', '_')}_PASSWORD:\\?[^}]+\\}`
    expect(environment['IMAGEDROP_BUS_URL']).toMatch(new RegExp(`^\\S+://imagedrop-${account}:${password}@`))
    const role = `imagedrop_${account.replaceAll('-', '_')}`
    expect(environment['IMAGEDROP_LEDGER_URL']).toMatch(new RegExp(`^postgres://${role}:${password}@postgres/`))
    expect(JSON.stringify(environment).match(/_PASSWORD/g)).toHaveLength(2)
  })

  it('says what makes the secrets that it wants', async () => {
    const text = await read('compose.yaml')
    const wanted = new Set([...text.matchAll(/\$\{(\w+):\?/g)].map(([, variable]) => variable))
    const { stdout } = await run('bash', [join(root, 'deploy', 'secrets.sh')])
    const made = new Map(
      stdout
        .trim()
        .split(/\r?\n/)
        .map((line) => line.split('=') as [string, string]),
    )
    expect(new Set(made.keys())).toEqual(wanted)
    for (const [variable, secret] of made) expect(secret, variable).toMatch(/^s[0-9a-f]{48}$/)
    expect(new Set(made.values()).size).toBe(made.size)
  })

  it.each(services)('asks whether %s is ready, and gives it longer to stop than it takes', (name) => {
    const container = compose.services[name]
    expect(container?.healthcheck).toBeDefined()
    const drain = Number(container?.command?.[container.command.indexOf('--drain') + 1])
    expect(parseInt(container?.stop_grace_period ?? '0', 10)).toBeGreaterThan(drain + 10)
  })

  it('names a version of every image of others', () => {
    const images = Object.values(compose.services).map((service) => service.image)
    const others = images.filter((image) => !image.includes('IMAGEDROP_IMAGE'))
    expect(others.length).toBeGreaterThan(2)
    for (const image of others) expect(image).toMatch(/^[a-z]+:\d+\.?\d*$/)
  })
})

it('the servers get a password for the account of every service', async () => {
  const [, list = ''] = /^x-passwords: &passwords\n((?: {2}.*\n)+)/m.exec(await read('compose.yaml')) ?? []
  const accounts = services.map((service) => `${service.toUpperCase().replaceAll('-', '_')}_PASSWORD`)
  expect(list.match(/^ {2}\w+/gm)?.map((name) => name.trim())).toEqual(expect.arrayContaining(accounts))
})

describe('deploy/Containerfile', () => {
  it('has the Node and the command that package.json has', async () => {
    const { bin, dependencies } = JSON.parse(await read('package.json')) as {
      bin: { imagedrop: string }
      dependencies: { node: string }
    }
    const text = await read('deploy/Containerfile')
    expect(text).toContain(`ARG BASE=node:${dependencies.node}-bookworm-slim\n`)
    expect(text).toContain(`ln -s /opt/imagedrop/${bin.imagedrop} /usr/local/bin/imagedrop`)
    expect(await read('deploy/systemd/imagedrop@.service')).toContain(`ExecStart=/opt/imagedrop/${bin.imagedrop} serve`)
  })

  it('is given every file of deploy/ that a service reads', async () => {
    const ignored = (await read('.dockerignore')).split('\n')
    const files = await Promise.all(services.map((service) => read(`services/${service}/config.ts`).catch(() => '')))
    const named = files.flatMap((text) =>
      [...text.matchAll(/(?:deploy\/|shipped\(')([\w-]+\.yaml)/g)].map(([, name]) => name),
    )
    expect(named).toEqual(expect.arrayContaining(['boots.yaml', 'drops.yaml']))
    expect(named.filter((name) => !ignored.includes(`!deploy/${name ?? ''}`))).toEqual([])
  })

  it('installs every tool that a host must have to run us', async () => {
    const text = await read('deploy/Containerfile')
    const installed = new Set(text.match(/[a-z0-9][a-z0-9.+-]+/g))
    const lines = (await read('deploy/host-tools.txt')).split('\n').filter((line) => /^run\s/.test(line))
    const wanted = lines.map((line) => line.split(/\s+/)[3] ?? '')
    expect(wanted.length).toBeGreaterThan(10)
    expect(wanted.filter((names) => !names.split('|').some((name) => installed.has(name)))).toEqual([])
  })
})

/** An environment with its ${NAME:-default} filled as Compose does. */
function filled(environment: Readonly<Record<string, string>>): Record<string, string> {
  const value = (text: string) =>
    text.replaceAll(
      /\$\{\w+(?::-([^}]*)|:\?[^}]*)?\}/g,
      (_all, fallback: string | undefined) => fallback ?? 'x'.repeat(16),
    )
  return Object.fromEntries(Object.entries(environment).map(([name, text]) => [name, value(text)]))
}
