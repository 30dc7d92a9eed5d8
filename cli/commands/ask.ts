import { pino } from 'pino'
import type { EventDefinition } from '#events/define.ts'
import type { Envelope } from '#events/envelope.ts'
import { blessingRequested, cancellationRequested, retryRequested, supersessionRequested } from '#events/operator.ts'
import type { Ledger } from '#ledger/ledger.ts'
import { askInLedger, requestOf } from '../ask.ts'
import { openBus } from '../backends/open-bus.ts'
import { readBusSettings } from '../backends/settings.ts'
import { defineCommand, type Command, type Environment } from '../command.ts'
import { stateOption } from '../options.ts'
import { openLedgerToAsk, stateFolderOf } from '../stack.ts'
import { UsageError } from '../usage.ts'

type Asked = { drop: string; by: string; reason?: string | undefined }
type Request = EventDefinition<string, Asked>

/** The option of a request that wants to be explained. */
const reasonOption = {
  value: 'TEXT',
  means: 'why, in a sentence: it is recorded, and people are told',
  otherwise: 'none: it has to be given',
  example: "'it accepts an empty password'",
  read(text: string) {
    const reason = text.replaceAll(/\s+/g, ' ').trim()
    if (reason === '' || reason.length > 500) throw new Error('expected a sentence of up to 500 letters')
    return reason
  },
} as const

interface AskOptions {
  readonly name: string
  readonly summary: string
  readonly request: Request
  /** Wants a reason. */
  readonly explained?: boolean
}

/** A command by which a person asks something of the scheduler; whichever process runs it answers. */
function askCommand({ name, summary, request, explained = false }: AskOptions): Command {
  return defineCommand({
    name,
    summary,
    argument: { name: 'DROP', means: 'the drop, by its name as `imagedrop status` lists it' },
    options: {
      bus: { means: 'ask over the bus, with an account at the broker alone, instead of in the ledger' },
      by: {
        value: 'NAME',
        means: 'no option any more: who asks is who the account belongs to',
        otherwise: 'the account that asks',
        example: 'maria',
        gone: true,
      },
      // Without it, it is an option that this command does not know.
      ...(explained ? { reason: reasonOption } : ({} as { reason: typeof reasonOption })),
      state: stateOption,
    },
    examples: [`${name} weekly-Debian-12-20261121.n.0${explained ? ` --reason ${reasonOption.example}` : ''}`],
    exits: { 0: 'it was asked for; the scheduler carries it out', 1: 'the ledger, or the bus, could not be asked' },
    async run({ values: { by, bus, state, reason }, args: [drop = ''], env }) {
      if (explained && reason === undefined) throw new UsageError(`${name}: --reason is missing: ${reasonOption.means}`)
      const circumstances = { by, stateFolder: stateFolderOf(state, env), env }
      const envelope = await (bus ? askOnBus : ask)(
        request,
        { drop, ...(reason === undefined ? {} : { reason }) },
        circumstances,
      )
      process.stdout.write(
        `${request.summary(envelope.body as Asked)}; ` +
          `\`imagedrop up\`, \`serve scheduler\` or \`drop\` carries it out\n`,
      )
      return 0
    },
  })
}

interface Circumstances {
  readonly by: string | undefined
  readonly stateFolder: string
  readonly env: Environment
}

async function ask(
  request: Request,
  asked: Omit<Asked, 'by'>,
  { by, stateFolder, env }: Circumstances,
): Promise<Envelope> {
  await using ledger = await openLedgerToAsk(stateFolder, env)
  refuseName(by, await ledger.account())
  const { drop } = asked
  await requireDrop(ledger, drop)
  const envelope = await askInLedger(ledger, request, asked)
  // After the request was said: else a job that fails again at once would be heard before it, and be forgiven.
  if (request === retryRequested) {
    const count = await ledger.replay(drop, new Date())
    process.stdout.write(`${drop}: ${String(count)} jobs are queued again\n`)
  }
  return envelope
}

/** For who has an account at the broker and none at the database: nobody looks whether there is such a drop. */
async function askOnBus(
  request: Request,
  asked: Omit<Asked, 'by'>,
  { by, stateFolder, env }: Circumstances,
): Promise<Envelope> {
  if (request === retryRequested) throw new UsageError('retry needs the ledger, where the jobs are: leave --bus out')
  const settings = readBusSettings(env)
  if (settings.url === undefined) throw new UsageError('--bus: IMAGEDROP_BUS_URL is not set')
  const log = pino({ level: 'warn' }, pino.destination(2))
  await using bus = await openBus(settings, { stateFolder, log })
  const account = bus.account ?? (settings.account || decodeURIComponent(new URL(settings.url).username))
  if (account === '') throw new UsageError('--bus: IMAGEDROP_BUS_ACCOUNT has to say what our account there is called')
  refuseName(by, account)
  const envelope = { ...requestOf(request, asked, account), sender: account }
  await bus.publish([envelope])
  return envelope
}

function refuseName(by: string | undefined, account: string): void {
  if (by === undefined) return
  throw new UsageError(`--by is no option any more: who asks is who this account belongs to, and that is ${account}`)
}

async function requireDrop(ledger: Ledger, drop: string): Promise<void> {
  const known = await ledger.events({ drop, limit: 1 })
  if (known.length === 0)
    throw new UsageError(`there is no drop ${JSON.stringify(drop)}; \`imagedrop status\` lists them`)
}

export const blessCommand = askCommand({
  name: 'bless',
  summary: 'give the blessing to a staged drop',
  request: blessingRequested,
})
export const cancelCommand = askCommand({
  name: 'cancel',
  summary: 'stop all work on a drop',
  request: cancellationRequested,
})
export const retryCommand = askCommand({
  name: 'retry',
  summary: 'take a failed or cancelled drop up again',
  request: retryRequested,
})
export const supersedeCommand = askCommand({
  name: 'supersede',
  summary: 'withdraw a drop',
  request: supersessionRequested,
})
export const withdrawCommand = askCommand({
  name: 'withdraw',
  summary: 'withdraw a drop for a reason that people are told',
  request: supersessionRequested,
  explained: true,
})
