import { userInfo } from 'node:os'
import { say, type EventDefinition } from '#events/define.ts'
import { seal } from '#events/envelope.ts'
import { blessingRequested, cancellationRequested, retryRequested, supersessionRequested } from '#events/operator.ts'
import { checkOutgoing } from '#events/parse.ts'
import type { Ledger } from '#ledger/ledger.ts'
import { openLedgerToAsk, stateFolderOf } from '../stack.ts'
import { parseOptions, UsageError, type Command } from '../usage.ts'

type Request = EventDefinition<string, { drop: string; by: string }>

/** A command by which a person asks something of the scheduler; whichever process runs it answers. */
function askCommand(name: string, summary: string, request: Request, options: { needsName?: true } = {}): Command {
  const usage = `usage: imagedrop ${name} DROP ${options.needsName ? '--by NAME' : '[--by NAME]'} [--state DIR]`
  return {
    name,
    usage,
    summary,
    async run(args) {
      const parsed = parseOptions(
        { usage },
        args,
        { by: { type: 'string' }, state: { type: 'string' } },
        { positionals: 1 },
      )
      const [drop] = parsed.positionals
      if (drop === undefined) throw new UsageError(`which drop?\n\n${usage}`)
      const by = parsed.values.by ?? (options.needsName ? undefined : userInfo().username)
      if (by === undefined || by === '') throw new UsageError(`--by NAME says who gives the blessing\n\n${usage}`)
      await using ledger = await openLedgerToAsk(stateFolderOf(parsed.values.state))
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
  }
}

async function requireDrop(ledger: Ledger, drop: string): Promise<void> {
  const known = await ledger.events({ drop, limit: 1 })
  if (known.length === 0)
    throw new UsageError(`there is no drop ${JSON.stringify(drop)}; \`imagedrop status\` lists them`)
}

export const blessCommand = askCommand('bless', 'give the blessing to a staged drop', blessingRequested, {
  needsName: true,
})
export const cancelCommand = askCommand('cancel', 'stop all work on a drop', cancellationRequested)
export const retryCommand = askCommand('retry', 'take a failed or cancelled drop up again', retryRequested)
export const supersedeCommand = askCommand('supersede', 'withdraw a drop', supersessionRequested)
