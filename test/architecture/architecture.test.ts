import { existsSync } from 'node:fs'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { EventDefinition } from '#events/define.ts'
import { foreignEvents, ownEvents } from '#events/index.ts'
import { generatePackage, packageFolder } from '../../deploy/fedora-messages/generate.ts'
import { generatePage, page } from '../../docs/generate.ts'
import { declaredServices, serviceFolders } from '../../docs/services.ts'
import { readSources, type Source } from './sources.ts'

const root = join(import.meta.dirname, '..', '..')
const sources = readSources()
const isTest = ({ path }: Source) => /\.(test|contract|fixture)\.ts$|\/testing\//.test(path) || path.startsWith('test/')
const production = sources.filter((source) => !isTest(source))

describe('import directions', () => {
  /** What each folder of shared/ may import of ours, besides itself. */
  const allowed: Record<string, string[]> = {
    events: [],
    subprocess: [],
    artifacts: ['events'],
    bus: ['events'],
    ledger: ['events', 'bus'],
    service: ['events', 'bus', 'ledger', 'artifacts', 'subprocess'],
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

  it('services import nothing of each other, of cli/ or of test/', () => {
    const wrong = production.flatMap(({ path, imports }) => {
      const service = /^services\/([^/]+)\//.exec(path)?.[1]
      if (service === undefined) return []
      return imports
        .filter((one) => /^(services|cli|test|docs)\//.test(one) && !one.startsWith(`services/${service}/`))
        .map((one) => `${path} imports ${one}`)
    })
    expect(wrong).toEqual([])
  })

  it.each([
    ['kysely', 'shared/ledger/'],
    ['node:sqlite', 'shared/ledger/sqlite/'],
    ['amqplib', 'shared/bus/amqp/'],
    ['@nats-io/transport-node', 'shared/bus/nats/'],
    ['@nats-io/jetstream', 'shared/bus/nats/'],
    ['pg', 'shared/ledger/postgres/'],
    ['@aws-sdk/client-s3', 'shared/artifacts/s3/'],
    ['@opentelemetry/api', 'cli/tracing.ts'],
    ['@aws-sdk/client-ec2', 'services/ec2-publisher/'],
    ['@aws-sdk/client-ebs', 'services/ec2-publisher/'],
    ['nodemailer', 'services/announcer/'],
    ['node:child_process', 'shared/subprocess/'],
  ])('%s is imported only in %s', (library, folder) => {
    const wrong = production.filter(({ imports }) => imports.includes(library)).map(({ path }) => path)
    expect(wrong.filter((path) => !path.startsWith(folder))).toEqual([])
  })
})

describe('events', () => {
  const events: readonly EventDefinition[] = ownEvents

  it('every event has exactly the emitters that the services declare', async () => {
    const services = await declaredServices()
    for (const event of events) {
      const emitters = services.filter((service) => service.emits.some((one) => one.subject === event.subject))
      const outside = event.saidBy.filter((speaker) => speaker === 'operator')
      expect([...emitters.map((service) => service.name), ...outside].toSorted(), event.subject).toEqual(
        [...event.saidBy].toSorted(),
      )
    }
  })

  it('every event is heard by somebody', async () => {
    const services = await declaredServices()
    // These are for people and for other programs on the bus, and those that end work are heard by the runtime.
    // Koji's are carried by the bridge until an engine builds with Koji.
    const forOthers = new Set(['drop.cancelled.v1', 'buildsys.task.state.change'])
    const heard = new Set(
      services.flatMap(({ consumes, wakes = [] }) =>
        [...consumes, ...wakes.map((one) => one.event)].map((event) => event.subject),
      ),
    )
    const unheard = [...events, ...foreignEvents].map((event) => event.subject).filter((subject) => !heard.has(subject))
    expect(unheard.filter((subject) => !forOthers.has(subject))).toEqual([])
  })
})

describe('the shape of the code', () => {
  it('every service folder has service.ts, main.ts, config.ts and README.md', async () => {
    const missing = (await serviceFolders()).flatMap((name) =>
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
