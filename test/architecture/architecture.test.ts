import { existsSync } from 'node:fs'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { EventDefinition } from '#events/define.ts'
import { foreignEvents, ownEvents } from '#events/index.ts'
import { speakersOf } from '#service/speakers.ts'
import { generatePackage, packageFolder } from '../../deploy/fedora-messages/generate.ts'
import { generatePage, page } from '../../docs/generate.ts'
import { house } from '#test/support/house.ts'
import { circlesOfFiles, circlesOfFolders } from './circles.ts'
import { isFound, isTest, readSources } from './sources.ts'

const root = join(import.meta.dirname, '..', '..')
const sources = readSources()
const production = sources.filter((source) => !isTest(source))

describe('import directions', () => {
  /** What each folder of shared/ may import of ours, besides itself. */
  const allowed: Record<string, string[]> = {
    events: [],
    files: [],
    markup: [],
    subprocess: ['files'],
    disk: ['subprocess'],
    image: ['disk', 'files', 'subprocess'],
    artifacts: ['events', 'files'],
    bus: ['events'],
    ledger: ['events', 'bus'],
    drop: ['events', 'bus', 'ledger', 'service'],
    service: ['events', 'bus', 'ledger', 'artifacts', 'subprocess', 'files'],
    publishing: ['events', 'bus', 'service', 'subprocess'],
    openstack: ['events', 'files', 'publishing', 'service'],
  }

  it('shared/ has exactly the folders that the decision records name', () => {
    const folders = new Set(
      production.map((source) => /^shared\/([^/]+)\//.exec(source.path)?.[1]).filter((folder) => folder !== undefined),
    )
    expect([...folders].toSorted()).toEqual(Object.keys(allowed).toSorted())
  })

  it.each(Object.entries(allowed))('shared/%s imports only %j of our own', (folder, others) => {
    const inside = production.filter((source) => source.path.startsWith(`shared/${folder}/`))
    expect(inside.length).toBeGreaterThan(0)
    const wrong = inside.flatMap(({ path, imports }) =>
      imports
        .filter((one) => /^(shared|services|cli|test|docs|deploy)\//.test(one))
        .filter((one) => ![folder, ...others].some((name) => one.startsWith(`shared/${name}/`)))
        .map((one) => `${path} imports ${one}`),
    )
    expect(wrong).toEqual([])
  })

  it.each([
    ['cli', ['services', 'shared']],
    ['deploy', ['shared']],
    ['docs', ['cli', 'deploy', 'shared']],
  ])('%s/ imports only of %j', (folder, others) => {
    const inside = production.filter(({ path }) => path.startsWith(`${folder}/`))
    expect(inside.length).toBeGreaterThan(0)
    const wrong = inside.flatMap(({ path, imports }) =>
      imports
        .filter((one) => /^(shared|services|cli|test|docs|deploy)\//.test(one))
        .filter((one) => ![folder, ...others].some((name) => one.startsWith(`${name}/`)))
        .map((one) => `${path} imports ${one}`),
    )
    expect(wrong).toEqual([])
  })

  it('no files import each other in a circle, types included', () => {
    expect(circlesOfFiles(sources)).toEqual([])
  })

  it('no folders import each other in a circle', () => {
    expect(circlesOfFolders(production)).toEqual([])
  })

  it('services import nothing of each other, of cli/ or of test/', () => {
    const wrong = production.flatMap(({ path, imports }) => {
      const service = /^services\/([^/]+)\//.exec(path)?.[1]
      if (service === undefined) return []
      return imports
        .filter((one) => /^(services|cli|test|docs|deploy)\//.test(one) && !one.startsWith(`services/${service}/`))
        .map((one) => `${path} imports ${one}`)
    })
    expect(wrong).toEqual([])
  })

  it('only a stand-in knows an emulator, and an emulator nothing of its service', () => {
    const emulatorOf = (path: string) => /^services\/[^/]+\/emulator\//.exec(path)?.[0]
    const crossings = production.flatMap(({ path, imports }) =>
      imports
        .filter((one) => one.startsWith('services/') && emulatorOf(one) !== emulatorOf(path))
        .map((one) => `${path} imports ${one}`),
    )
    expect(crossings.filter((one) => !/\/stand-in\.ts imports /.test(one))).toEqual([])
  })

  it.each([
    ['kysely', 'shared/ledger/'],
    ['node:sqlite', 'shared/ledger/sqlite/', 'shared/files/lock.ts'],
    ['irc-framework', 'services/announcer/channels/irc/'],
    ['amqplib', 'shared/bus/amqp/'],
    ['@nats-io/transport-node', 'shared/bus/nats/'],
    ['@nats-io/jetstream', 'shared/bus/nats/'],
    ['pg', 'shared/ledger/postgres/'],
    ['@aws-sdk/client-s3', 'shared/artifacts/s3/', 'services/ec2-publisher/'],
    ['@opentelemetry/api', 'cli/tracing.ts'],
    ['@aws-sdk/core/client', 'services/ec2-publisher/'],
    ['@aws-sdk/client-ec2', 'services/ec2-publisher/'],
    ['@aws-sdk/client-marketplace-catalog', 'services/marketplace-publisher/'],
    ['@aws-sdk/client-ebs', 'services/ec2-publisher/'],
    ['@aws-sdk/client-iam', 'services/ec2-publisher/'],
    ['nodemailer', 'services/announcer/'],
    ['@sigstore/bundle', 'services/mirror-publisher/signing/'],
    ['@sigstore/core', 'services/mirror-publisher/signing/'],
    ['@sigstore/verify', 'services/mirror-publisher/signing/'],
    ['node:child_process', 'shared/subprocess/'],
  ])('%s is imported only in %s', (library, ...folders) => {
    const wrong = production.filter(({ imports }) => imports.includes(library)).map(({ path }) => path)
    expect(wrong.filter((path) => !folders.some((folder) => path.startsWith(folder)))).toEqual([])
  })
})

describe('events', () => {
  const events: readonly EventDefinition[] = ownEvents

  it('every event is said by somebody', async () => {
    const services = await house.definitions()
    expect(events.filter((event) => speakersOf(event, services).length === 0)).toEqual([])
  })

  it('every event is heard by somebody', async () => {
    const services = await house.definitions()
    // This is for people and for other programs on the bus; those that end work are heard by the runtime.
    const forOthers = new Set(['drop.cancelled.v1'])
    const heard = new Set(
      services.flatMap(({ consumes, wakes = [] }) =>
        [...consumes, ...wakes.map((one) => one.event)].map((event) => event.subject),
      ),
    )
    const unheard = [...events, ...foreignEvents].map((event) => event.subject).filter((subject) => !heard.has(subject))
    expect(unheard.filter((subject) => !forOthers.has(subject))).toEqual([])
  })
})

describe('the support of tests', () => {
  const importersOf = (path: string) => sources.filter(({ imports }) => imports.includes(path))

  it('lies in testing/ beside what it supports, or in test/: nothing else is imported by tests alone, or by nobody', () => {
    const wrong = production.filter((source) => !isFound(source) && importersOf(source.path).every(isTest))
    expect(wrong.map(({ path }) => path)).toEqual([])
  })

  it('is imported by nothing but tests', () => {
    const wrong = production.flatMap(({ path, imports }) =>
      imports.filter((one) => isTest({ path: one })).map((one) => `${path} imports ${one}`),
    )
    expect(wrong).toEqual([])
  })

  it('of one service is not used by the tests of another', () => {
    const serviceOf = (path: string) => /^services\/([^/]+)\//.exec(path)?.[1]
    const wrong = sources.flatMap(({ path, imports }) =>
      imports
        .filter((one) => one.includes('/testing/') && serviceOf(one) !== undefined && serviceOf(path) !== undefined)
        .filter((one) => serviceOf(one) !== serviceOf(path))
        .map((one) => `${path} imports ${one}`),
    )
    expect(wrong).toEqual([])
  })
})

describe('the shape of the code', () => {
  it('every service folder has service.ts, main.ts, config.ts and README.md', () => {
    const missing = house.names.flatMap((name) =>
      ['service.ts', 'main.ts', 'config.ts', 'README.md']
        .map((file) => `services/${name}/${file}`)
        .filter((file) => !existsSync(join(root, file))),
    )
    expect(missing).toEqual([])
  })

  it('files are small', () => {
    const lines = production.map((source) => source.lines).toSorted((one, other) => one - other)
    expect(lines[Math.floor(lines.length / 2)]).toBeLessThanOrEqual(70)
    expect(production.filter((source) => source.lines > 250).map((source) => source.path)).toEqual([])
  })

  it('no folder or file is a catch-all', () => {
    expect(
      sources.map((source) => source.path).filter((path) => /\b(utils?|helpers?|common|misc|lib)\b/.test(path)),
    ).toEqual([])
  })

  it('the generated tables of docs/architecture.md are current (npm run docs)', async () => {
    expect(await generatePage()).toBe(await readFile(page, 'utf8'))
  })

  it('the Python package in deploy/fedora-messages/ is current (npm run docs)', async () => {
    const generated = await generatePackage()
    for (const [name, text] of generated) expect(await readFile(join(packageFolder, name), 'utf8'), name).toBe(text)
    const schemas = await readdir(join(packageFolder, 'imagedrop_messages', 'schemas'))
    expect(schemas.filter((name) => !generated.has(`imagedrop_messages/schemas/${name}`))).toEqual([])
  })
})
