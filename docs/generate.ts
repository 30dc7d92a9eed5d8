import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { foreignEvents, ownEvents } from '#events/index.ts'
import type { EventDefinition } from '#events/define.ts'
import type { WakingEvent } from '#service/define.ts'
import { generatePackage, packageFolder } from '../deploy/fedora-messages/generate.ts'
import { definitionsFile, generateDefinitions } from '../deploy/rabbitmq/generate.ts'
import { declaredServices, type DeclaredService } from './services.ts'

/** The page whose tables are derived from the code. `npm run docs` writes it; a test holds it to the code. */
export const page = join(import.meta.dirname, 'architecture.md')

/** The page with its generated parts as the code has them now. */
export async function generatePage(): Promise<string> {
  const services = await declaredServices()
  const text = await readFile(page, 'utf8')
  return replacePart(replacePart(text, 'events', eventTable()), 'services', serviceMap(services))
}

function eventTable(): string {
  const rows = ownEvents.map((event) => `| \`${event.subject}\` | ${event.saidBy.join(', ')} | ${event.means} |`)
  const foreign = foreignEvents.map((event) => `| \`${event.subject}\` | ${event.saidBy.join(', ')} | ${event.means} |`)
  return ['| subject | said by | means |', '| --- | --- | --- |', ...rows, ...foreign].join('\n')
}

function serviceMap(services: readonly DeclaredService[]): string {
  const rows = services.map(
    ({ name, consumes, emits, wakes = [] }) =>
      `| [${name}](../services/${name}) | ${list(consumes)}${wokenBy(wakes)} | ${list(emits)} |`,
  )
  return ['| service | consumes | emits |', '| --- | --- | --- |', ...rows].join('\n')
}

function wokenBy(wakes: readonly WakingEvent[]): string {
  return wakes.length === 0 ? '' : `, woken by ${list(wakes.map((one) => one.event))}`
}

function list(events: readonly EventDefinition[]): string {
  return events.map((event) => `\`${event.subject}\``).join(' ')
}

function replacePart(text: string, name: string, content: string): string {
  const part = new RegExp(`(<!-- ${name} -->\n)[^]*?(<!-- /${name} -->)`)
  if (!part.test(text)) throw new Error(`docs/architecture.md has no part ${name}`)
  return text.replace(part, (_match, start: string, end: string) => `${start}\n${content}\n\n${end}`)
}

async function writeAll(): Promise<void> {
  await writeFile(page, await generatePage())
  await writeFile(definitionsFile, await generateDefinitions())
  const schemas = join(packageFolder, 'imagedrop_messages', 'schemas')
  await rm(schemas, { recursive: true, force: true })
  for (const [name, text] of await generatePackage()) {
    const file = join(packageFolder, name)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
  }
}

if (process.argv[1] === import.meta.filename) await writeAll()
