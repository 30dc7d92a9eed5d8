import { pino } from 'pino'
import { openAmqpBus } from '../amqp/amqp-bus.ts'
import type { AmqpOptions } from '../amqp/options.ts'
import type { Bus } from '../bus.ts'
import { openNatsBus } from '../nats/nats-bus.ts'
import type { NatsOptions } from '../nats/options.ts'

/** A bus of a test, as it can be told to another process. */
export type Side = { nats: Omit<NatsOptions, 'log'> } | { amqp: Omit<AmqpOptions, 'log'> }

/** Opens one side of a bridge. */
export async function openSide(side: Side): Promise<Bus> {
  const log = pino({ level: 'silent' })
  return 'nats' in side ? await openNatsBus({ ...side.nats, log }) : await openAmqpBus({ ...side.amqp, log })
}
