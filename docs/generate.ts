import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { foreignEvents, ownEvents } from '#events/index.ts'
import type { EventDefinition } from '#events/define.ts'
import { allCommands, overview } from '../cli/commands/index.ts'
import { renderHelp } from '../cli/help.ts'
import { generatePackage, packageFolder } from '../deploy/fedora-messages/generate.ts'
import { accountsFile, generateAccounts } from '../deploy/nats/generate.ts'
import { writeRoles } from '../deploy/postgres/generate.ts'
import { definitionsFile, generateDefinitions } from '../deploy/rabbitmq/generate.ts'
import type { ServiceDefinition, WakingEvent } from '#service/define.ts'
import { readHouse } from '#service/discover.ts'
import { speakersOf } from '#service/speakers.ts'

/** The page whose tables are derived from the code. `npm run docs` writes it; a test holds it to the code. */
export const page = join(import.meta.dirname, 'architecture.md')

/** The page with its generated parts as the code has them now. */
export async function generatePage(): Promise<string> {
  const services = await readHouse()
  const text = await readFile(page, 'utf8')
  return replacePart(replacePart(text, 'events', eventTable(services)), 'services', serviceMap(services))
}

/** What `imagedrop help` and each command's `--help` print, for those who read before they install. */
export const commandsPage = join(import.meta.dirname, 'commands.md')

export async function generateCommandsPage(): Promise<string> {
  const commands = await allCommands()
  const intro =
    '# The command\n\nWhat `imagedrop help` and `imagedrop COMMAND --help` print. Written by `npm run docs`.\n'
  const parts = commands.map((command) => `## ${command.name}\n\n\`\`\`\n${renderHelp(command)}\`\`\`\n`)
  return [intro, `\`\`\`\n${await overview()}\`\`\`\n`, ...parts].join('\n')
}

/** The README with the overview as the code has it now. */
export const readme = join(import.meta.dirname, '..', 'README.md')

export async function generateReadme(): Promise<string> {
  return replacePart(await readFile(readme, 'utf8'), 'commands', `\`\`\`\n${await overview()}\`\`\``)
}

function eventTable(services: readonly ServiceDefinition[]): string {
  const rows = [...ownEvents, ...foreignEvents].map(
    (event) => `| \`${event.subject}\` | ${speakersOf(event, services).join(', ')} | ${event.means} |`,
  )
  return ['| subject | said by | means |', '| --- | --- | --- |', ...rows].join('\n')
}

function serviceMap(services: readonly ServiceDefinition[]): string {
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
  if (!part.test(text)) throw new Error(`there is no part ${name} to write`)
  return text.replace(part, (_match, start: string, end: string) => `${start}\n${content}\n\n${end}`)
}

async function writeAll(): Promise<void> {
  await writeFile(page, await generatePage())
  await writeFile(readme, await generateReadme())
  await writeFile(commandsPage, await generateCommandsPage())
  await writeFile(definitionsFile, await generateDefinitions())
  await writeFile(accountsFile, await generateAccounts())
  await writeRoles()
  const schemas = join(packageFolder, 'imagedrop_messages', 'schemas')
  await rm(schemas, { recursive: true, force: true })
  for (const [name, text] of await generatePackage()) {
    const file = join(packageFolder, name)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
  }
}

if (process.argv[1] === import.meta.filename) await writeAll()
