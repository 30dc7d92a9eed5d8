import { pino } from 'pino'
import { dropRequested, type DropRequested } from '#events/operator.ts'
import type { Step } from '#service/step.ts'
import { askInLedger } from './ask.ts'
import { openBus } from './backends/open-bus.ts'
import { openLedger } from './backends/open-ledger.ts'
import { readBusSettings, readLedgerSettings } from './backends/settings.ts'
import type { Environment } from './command.ts'
import { followDrop, type Followed } from './follow.ts'
import type { Screen } from './view/screen.ts'

interface ElsewhereOptions {
  readonly stateFolder: string
  readonly steps: readonly Step[]
  readonly screen: Screen
  readonly end: Promise<unknown>
  readonly env: Environment
}

/** Asks for a drop in a ledger that is shared with services in other processes, and shows how they get on with it. */
export async function followElsewhere(
  request: Omit<DropRequested, 'by'>,
  { stateFolder, steps, screen, end, env }: ElsewhereOptions,
): Promise<Followed | 'stopped'> {
  const log = pino({ level: 'warn' }, pino.destination(2))
  const ending = new AbortController()
  void end.then(() => {
    ending.abort()
  })
  await using ledger = await openLedger(readLedgerSettings(env), stateFolder, log, { ending: ending.signal })
  await using bus = await openBus(readBusSettings(env), { stateFolder, log })
  const envelope = await askInLedger(ledger, dropRequested, request)
  const composeId = String(request.message['compose_id'])
  const followed = followDrop({ ledger, bus, stateFolder }, { requestId: envelope.id, composeId, steps, screen })
  const result = await Promise.race([followed, end.then(() => 'stopped' as const)])
  if (result === 'stopped')
    screen.note('no longer following; the services go on, `imagedrop status` shows how far they are')
  return result
}
