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
import { operatorRequests } from '#events/operator.ts'
import { interestOf } from '#service/inbox.ts'
import { readHouse } from '#service/discover.ts'

/** Where the definitions are kept. */
export const definitionsFile = join(import.meta.dirname, 'definitions.json')

const vhost = 'imagedrop'
const day = 24 * 60 * 60 * 1000
/** For `imagedrop migrate`, which checks that all queues are there. */
const owner = 'imagedrop-owner'

/**
 * Everything that imagedrop needs on a broker whose administrator declares it: queues, bindings, policies, one account
 * per service that can read its own queue and publish what that service says, and accounts of people, who can ask.
 */
export async function generateDefinitions(
  topicPrefix = '',
  operators: readonly string[] = ['imagedrop-operator'],
): Promise<string> {
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
  const keyOf = ({ subject }: { readonly subject: string }) => routingKeyOf(subject, topicPrefix)
  const definitions = {
    vhosts: [{ name: vhost }],
    // No password: they come with a client certificate whose common name is theirs.
    users: [...names.map(accountOf), ...operators, owner].map((name) => ({ name, password_hash: '', tags: [] })),
    permissions: [
      ...names.map((name) => permission(accountOf(name), { write: written, read: [inboxOf(settings, name).queue] })),
      // A person's command says what it wants, and watches progress through a queue of its own.
      ...operators.map((user) => ({
        user,
        vhost,
        configure: '^amq\\.gen-',
        write: `^amq\\.gen-|${oneOf([settings.exchange])}`,
        read: `^amq\\.gen-|${oneOf([progressExchangeOf(settings)])}`,
      })),
      { user: owner, vhost, configure: '^$', write: '^$', read: '^$' },
    ],
    // Nobody says what another says, and no service asks what people ask, but for what it says itself.
    topic_permissions: [
      ...services.flatMap(({ name, emits }) => [
        topics(accountOf(name), settings.exchange, emits.map(keyOf)),
        topics(accountOf(name), progressExchangeOf(settings), [name]),
      ]),
      ...operators.map((user) => topics(user, settings.exchange, operatorRequests.map(keyOf))),
    ],
    exchanges: [
      { name: deadLetterExchangeOf(settings), vhost, type: 'direct', ...lasting, internal: false, arguments: {} },
      { name: progressExchangeOf(settings), vhost, type: 'topic', ...lasting, internal: false, arguments: {} },
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

function topics(user: string, exchange: string, keys: readonly string[]) {
  return { user, vhost, exchange, write: oneOf(keys), read: '.*' }
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
  const [topicPrefix, ...operators] = process.argv.slice(2)
  if (topicPrefix === undefined) await writeFile(definitionsFile, await generateDefinitions())
  else process.stdout.write(await generateDefinitions(topicPrefix, operators.length > 0 ? operators : undefined))
}
