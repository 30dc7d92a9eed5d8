import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createSubjects } from '#bus/nats/subjects.ts'
import { operatorRequests } from '#events/operator.ts'
import { readHouse } from '#service/discover.ts'

/** Where the accounts are kept. */
export const accountsFile = join(import.meta.dirname, 'accounts.conf')

interface AccountOptions {
  readonly topicPrefix?: string
  readonly stream?: string
  /** People who have an account at the server. Their names become words of subjects: no dots, no spaces. */
  readonly operators?: readonly string[]
}

/**
 * One user per service, who can publish what that service says and do what its consumer needs; the users of operators,
 * who can ask in their own name; and one that makes the stream and the consumers (`imagedrop migrate`).
 */
export async function generateAccounts({
  topicPrefix = '',
  stream = 'IMAGEDROP',
  operators = ['imagedrop-operator'],
}: AccountOptions = {}): Promise<string> {
  const subjects = createSubjects(topicPrefix)
  const services = await readHouse()
  const users = [
    ...services.map(({ name, emits }) =>
      user(`imagedrop-${name}`, {
        publish: [
          ...emits.map(({ subject }) => subjects.of(subject)),
          subjects.dead(name),
          subjects.progress(name),
          `$JS.API.STREAM.INFO.${stream}`,
          `$JS.API.CONSUMER.INFO.${stream}.${name}`,
          `$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`,
          `$JS.ACK.${stream}.${name}.>`,
        ],
        subscribe: ['_INBOX.>'],
      }),
    ),
    ...operators.map((name) =>
      user(name, {
        publish: [
          ...operatorRequests.map(({ subject }) => subjects.of(subject, name)),
          `$JS.API.STREAM.INFO.${stream}`,
        ],
        subscribe: ['_INBOX.>', subjects.progress('*')],
      }),
    ),
    user('imagedrop-owner', {
      publish: ['INFO', 'CREATE', 'UPDATE']
        .map((verb) => `$JS.API.STREAM.${verb}.${stream}`)
        .concat(
          ['INFO', 'CREATE', 'DURABLE.CREATE'].flatMap((verb) => [
            `$JS.API.CONSUMER.${verb}.${stream}.>`,
            `$JS.API.CONSUMER.${verb}.${stream}`,
          ]),
        ),
      subscribe: ['_INBOX.>'],
    }),
  ]
  return `${head}\nauthorization {\n  users: [\n${users.join('\n')}\n  ]\n}\n`
}

const head = `# Written by deploy/nats/generate.ts from the services; include it in the configuration of the server. Each password is
# a variable of the server's environment, which has to begin with a letter: BUILDER_PASSWORD for imagedrop-builder.`

function user(name: string, may: { readonly publish: readonly string[]; readonly subscribe: readonly string[] }) {
  return [
    '    {',
    `      user: ${JSON.stringify(name)}`,
    `      password: $${passwordVariable(name)}`,
    '      permissions {',
    ...Object.entries(may).map(([verb, subjects]) => `        ${verb}: ${JSON.stringify(subjects)}`),
    '      }',
    '    }',
  ].join('\n')
}

/** As compose.yaml has it. */
export function passwordVariable(account: string): string {
  return `${account
    .replace(/^imagedrop-/, '')
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]/g, '_')}_PASSWORD`
}

/** Says whether the file is what this code would write. */
export async function accountsAreCurrent(): Promise<boolean> {
  return (await readFile(accountsFile, 'utf8')) === (await generateAccounts())
}

if (process.argv[1] === import.meta.filename) {
  const [topicPrefix, ...operators] = process.argv.slice(2)
  if (topicPrefix === undefined) await writeFile(accountsFile, await generateAccounts())
  else {
    process.stdout.write(await generateAccounts({ topicPrefix, ...(operators.length > 0 && { operators }) }))
  }
}
