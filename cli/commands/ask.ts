import { userInfo } from 'node:os'
import { say, type EventDefinition } from '#events/define.ts'
import { seal } from '#events/envelope.ts'
import { blessingRequested, cancellationRequested, retryRequested, supersessionRequested } from '#events/operator.ts'
import { checkOutgoing } from '#events/parse.ts'
import type { Ledger } from '#ledger/ledger.ts'
import { defineCommand, type Command } from '../command.ts'
import { stateOption } from '../options.ts'
import { openLedgerToAsk, stateFolderOf } from '../stack.ts'
import { UsageError } from '../usage.ts'

type Request = EventDefinition<string, { drop: string; by: string }>

/** A command by which a person asks something of the scheduler; whichever process runs it answers. */
function askCommand(name: string, summary: string, request: Request, needsName = false): Command {
  return defineCommand({
    name,
    summary,
    argument: { name: 'DROP', means: 'the drop, by its name as `imagedrop status` lists it' },
    options: {
      by: {
        value: 'NAME',
        means: 'the name of whoever asks for it',
        otherwise: needsName ? 'none, it must be given' : 'the name of this account',
        example: 'maria',
      },
      state: stateOption,
    },
    examples: [`${name} weekly-Debian-12-20261121.n.0${needsName ? ' --by maria' : ''}`],
    exits: { 0: 'it was asked for; the scheduler carries it out', 1: 'the ledger could not be asked' },
    async run({ values, args, env }) {
      const [drop = ''] = args
      const by = values.by ?? (needsName ? undefined : userInfo().username)
      if (by === undefined) throw new UsageError(`${name}: --by NAME is missing: who gives the blessing?`)
      await using ledger = await openLedgerToAsk(stateFolderOf(values.state, env), env)
      await requireDrop(ledger, drop)
      const now = new Date()
      const envelope = seal(say(request, { drop, by }), { now })
      checkOutgoing(envelope)
      await ledger.say(envelope, now)
      // After the request was said: else a job that fails again at once would be heard before it, and be forgiven.
      if (request === retryRequested) {
        const count = await ledger.replay(drop, new Date())
        process.stdout.write(`${drop}: ${String(count)} jobs are queued again\n`)
      }
      process.stdout.write(
        `${request.summary({ drop, by })}; \`imagedrop up\`, \`serve scheduler\` or \`drop\` carries it out\n`,
      )
      return 0
    },
  })
}

async function requireDrop(ledger: Ledger, drop: string): Promise<void> {
  const known = await ledger.events({ drop, limit: 1 })
  if (known.length === 0)
    throw new UsageError(`there is no drop ${JSON.stringify(drop)}; \`imagedrop status\` lists them`)
}

export const blessCommand = askCommand('bless', 'give the blessing to a staged drop', blessingRequested, true)
export const cancelCommand = askCommand('cancel', 'stop all work on a drop', cancellationRequested)
export const retryCommand = askCommand('retry', 'take a failed or cancelled drop up again', retryRequested)
export const supersedeCommand = askCommand('supersede', 'withdraw a drop', supersessionRequested)
