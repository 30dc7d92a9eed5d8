import { pino } from 'pino'
import { dropRequested, type DropRequested } from '#events/operator.ts'
import { askInLedger } from './ask.ts'
import { openBus } from './backends/open-bus.ts'
import { openLedger } from './backends/open-ledger.ts'
import { readBusSettings, readLedgerSettings } from './backends/settings.ts'
import { followDrop, type Followed } from './follow.ts'
import type { Screen } from './view/screen.ts'

interface ElsewhereOptions {
  readonly stateFolder: string
  readonly screen: Screen
  readonly end: Promise<unknown>
}

/** Asks for a drop in a ledger that is shared with services in other processes, and shows how they get on with it. */
export async function followElsewhere(
  request: Omit<DropRequested, 'by'>,
  { stateFolder, screen, end }: ElsewhereOptions,
): Promise<Followed | 'stopped'> {
  const log = pino({ level: 'warn' }, pino.destination(2))
  await using ledger = await openLedger(readLedgerSettings(process.env), stateFolder, log)
  await using bus = await openBus(readBusSettings(process.env), { stateFolder, log })
  const envelope = await askInLedger(ledger, dropRequested, request)
  const composeId = String(request.message['compose_id'])
  const followed = followDrop({ ledger, bus, stateFolder }, { requestId: envelope.id, composeId, screen })
  const result = await Promise.race([followed, end.then(() => 'stopped' as const)])
  if (result === 'stopped')
    screen.note('no longer following; the services go on, `imagedrop status` shows how far they are')
  return result
}
