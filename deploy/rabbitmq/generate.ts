import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import { settingsOf } from '#bus/amqp/options.ts'
import {
  bindingsOf,
  deadLetterExchangeOf,
  deadLettersOf,
  inboxOf,
  progressExchangeOf,
  type QueueDeclaration,
} from '#bus/amqp/topology.ts'
import { routingKeyOf } from '#bus/amqp/wire.ts'
import { ownEvents } from '#events/index.ts'
import { inboxOf as interestOf } from '#service/inbox.ts'
import { readHouse } from '#service/discover.ts'

/** Where the definitions are kept. */
export const definitionsFile = join(import.meta.dirname, 'definitions.json')

const vhost = 'imagedrop'
const day = 24 * 60 * 60 * 1000
const operator = 'imagedrop-operator'

/**
 * Everything that imagedrop needs on a broker whose administrator declares it: queues, bindings, policies, and one
 * account per service that can read its own queue and publish our events, no more.
 */
export async function generateDefinitions(topicPrefix = ''): Promise<string> {
  const settings = settingsOf({ url: 'amqp://broker', topicPrefix, log: pino({ level: 'silent' }) })
  const services = await readHouse()
  const names = services.map(({ name }) => name)
  const bindings = services.flatMap((service) =>
    interestOf(service).subjects.flatMap((subject) =>
      bindingsOf(settings, subject).map(({ exchange, pattern }) =>
        binding(exchange, inboxOf(settings, service.name).queue, pattern),
      ),
    ),
  )
  const deadLetters = names.map((name) =>
    binding(deadLetterExchangeOf(settings), deadLettersOf(settings, name).queue, inboxOf(settings, name).queue),
  )
  const written = [settings.exchange, progressExchangeOf(settings)]
  const definitions = {
    vhosts: [{ name: vhost }],
    // No password: they come with a client certificate whose common name is theirs.
    users: [...names.map(accountOf), operator].map((name) => ({ name, password_hash: '', tags: [] })),
    permissions: [
      ...names.map((name) => permission(accountOf(name), { write: written, read: [inboxOf(settings, name).queue] })),
      // A person's command says what it wants, and watches progress through a queue of its own.
      {
        user: operator,
        vhost,
        configure: '^amq\\.gen-',
        write: `^amq\\.gen-|${oneOf([settings.exchange])}`,
        read: `^amq\\.gen-|${oneOf([progressExchangeOf(settings)])}`,
      },
    ],
    // Any process may send what lies in the outbox that all share, but nobody here speaks for others.
    topic_permissions: [...names.map(accountOf), operator].map((user) => ({
      user,
      vhost,
      exchange: settings.exchange,
      write: oneOf(ownEvents.map(({ subject }) => routingKeyOf(subject, topicPrefix))),
      read: '.*',
    })),
    exchanges: [
      { name: deadLetterExchangeOf(settings), vhost, type: 'direct', ...lasting, internal: false, arguments: {} },
      { name: progressExchangeOf(settings), vhost, type: 'fanout', ...lasting, internal: false, arguments: {} },
    ],
    queues: names.flatMap((name) => [queue(inboxOf(settings, name)), queue(deadLettersOf(settings, name))]),
    bindings: [...bindings, ...deadLetters],
    policies: [
      policy('imagedrop-inboxes', `${start(settings.queuePrefix)}(${names.join('|')})$`, {
        // A full queue refuses what is published, which then stays in the outbox. Dropping would lose it.
        overflow: 'reject-publish',
        'max-length-bytes': 1024 ** 3,
        'dead-letter-strategy': 'at-least-once',
      }),
      policy('imagedrop-dead-letters', `${start(settings.queuePrefix)}(${names.join('|')})\\.dead$`, {
        overflow: 'drop-head',
        'max-length-bytes': 256 * 1024 ** 2,
        'message-ttl': 90 * day,
      }),
    ],
  }
  return `${JSON.stringify(definitions, null, 2)}\n`
}

const lasting = { durable: true, auto_delete: false }

function accountOf(service: string): string {
  return `imagedrop-${service}`
}

function permission(user: string, may: { write: readonly string[]; read: readonly string[] }) {
  return { user, vhost, configure: '^$', write: oneOf(may.write), read: oneOf(may.read) }
}

function queue({ queue, arguments: arguments_ }: QueueDeclaration) {
  return { name: queue, vhost, ...lasting, arguments: arguments_ }
}

function binding(source: string, destination: string, routing_key: string) {
  return { source, vhost, destination, destination_type: 'queue', routing_key, arguments: {} }
}

function policy(name: string, pattern: string, definition: Readonly<Record<string, string | number>>) {
  return { vhost, name, pattern, 'apply-to': 'queues', priority: 10, definition }
}

function oneOf(names: readonly string[]): string {
  return `^(${names.map(escaped).join('|')})$`
}

function start(name: string): string {
  return `^${escaped(name)}`
}

function escaped(name: string): string {
  return name.replaceAll('.', '\\.')
}

/** Says whether the file is what this code would write. */
export async function definitionsAreCurrent(): Promise<boolean> {
  return (await readFile(definitionsFile, 'utf8')) === (await generateDefinitions())
}

if (process.argv[1] === import.meta.filename) {
  const topicPrefix = process.argv[2]
  if (topicPrefix === undefined) await writeFile(definitionsFile, await generateDefinitions())
  else process.stdout.write(await generateDefinitions(topicPrefix))
}
