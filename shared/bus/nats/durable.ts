import {
  AckPolicy,
  DeliverPolicy,
  JetStreamApiCodes,
  type ConsumerConfig,
  type ConsumerInfo,
  type ConsumerUpdateConfig,
} from '@nats-io/jetstream'
import { nanos } from '@nats-io/transport-node'
import type { Interest } from '../bus.ts'
import { codeOf, nullWhen, type NatsContext } from './context.ts'
import type { NatsSettings } from './options.ts'
import { Mismatch } from './refusal.ts'
import { covers, isOpen } from './subjects.ts'

/** How many events are out with all processes of one service at most. */
const mostOpen = 10_000

/** The server's codes, which stand in no list of the client's. */
const inOtherShape = new Set([10013, 10148])

/**
 * How often the server may hand out an event beyond the deliveries after which we give it up ourselves: it may be that
 * the dead letter could not be written. After that it stays in the stream, unread.
 */
const margin = 20

/**
 * Makes the durable consumer of a service, or lets more subjects through one that is there. A new one starts with what
 * is said from now on; one that was lost, with what was said since `since`.
 */
export async function ensureDurable(
  context: NatsContext,
  interest: Interest & { readonly since?: Date },
): Promise<void> {
  const { jsm, settings, subjects } = context
  const { service } = interest
  const wanted = interest.subjects.flatMap(subjects.placesOf)
  for (let turns = 0; turns < 10; turns += 1) {
    const info = jsm.consumers.info(settings.stream, service)
    const found = await info.catch(nullWhen(JetStreamApiCodes.ConsumerNotFound))
    if (found) check(found.config)
    const config = { ...limits(settings), ...filterFor(wanted, found, knowsManyFilters(context)) }
    if (found && isAsWanted(found.config, config)) return
    try {
      if (found) await jsm.consumers.update(settings.stream, service, config)
      else await jsm.consumers.add(settings.stream, { ...config, ...identity(interest) })
    } catch (error) {
      if (!inOtherShape.has(codeOf(error))) throw error
    }
  }
  throw new Error(`the consumer ${service} of ${settings.stream} is being changed by somebody else`)
}

/** True when everything that passes was asked for by name, by this version of the service or by another. */
export function isSelective(config: Partial<ConsumerConfig>): boolean {
  const filters = filtersOf(config)
  return filters.length > 0 && !filters.some(isOpen)
}

function filtersOf({ filter_subject, filter_subjects }: Partial<ConsumerConfig>): readonly string[] {
  if (filter_subjects && filter_subjects.length > 0) return filter_subjects
  return filter_subject === undefined || filter_subject === '' ? [] : [filter_subject]
}

function check({ durable_name = '', ack_policy, deliver_subject }: ConsumerConfig): void {
  if (ack_policy !== AckPolicy.Explicit) {
    throw new Mismatch(`the consumer ${durable_name}: expected explicit acknowledgements, got ${ack_policy}`)
  }
  if (deliver_subject) throw new Mismatch(`the consumer ${durable_name}: expected one that is pulled, it is pushed`)
}

function limits({ ackWaitMs, deliveryLimit }: NatsSettings) {
  return { ack_wait: nanos(ackWaitMs), max_deliver: deliveryLimit + margin, max_ack_pending: mostOpen }
}

/**
 * What a consumer lets through already stays, as the bindings of a queue do. Before 2.10 a server knows one filter per
 * consumer, and one that is widened later passes over events without a word (seen with 2.9.10): there a consumer has no
 * filter, and we pass over what is not ours.
 */
function filterFor(
  wanted: readonly string[],
  found: ConsumerInfo | null,
  many: boolean,
): Partial<Pick<ConsumerUpdateConfig, 'filter_subject' | 'filter_subjects'>> {
  const present = found ? filtersOf(found.config) : []
  if (found && present.length === 0) return {}
  const missing = wanted.filter((subject) => !covers(present, subject))
  if (!many && !found) return {}
  if (!many && missing.length > 0) {
    throw new Mismatch(
      `the consumer ${found?.name ?? ''}: expected one without a filter, as this server cannot widen it, ` +
        `got ${present.join(', ')}`,
    )
  }
  const all = [...present, ...missing]
  const [only = '>'] = all
  return all.length > 1 ? { filter_subject: '', filter_subjects: all } : { filter_subject: only }
}

function knowsManyFilters({ link }: NatsContext): boolean {
  const [major = 0, minor = 0] = (link.connection.info?.version ?? '0.0').split('.').map(Number)
  return major > 2 || (major === 2 && minor >= 10)
}

function isAsWanted(found: ConsumerConfig, wanted: ReturnType<typeof limits> & Partial<ConsumerConfig>): boolean {
  return (
    found.ack_wait === wanted.ack_wait &&
    found.max_deliver === wanted.max_deliver &&
    found.max_ack_pending === wanted.max_ack_pending &&
    filtersOf(found).join(' ') === filtersOf(wanted).join(' ')
  )
}

function identity({ service, since }: { readonly service: string; readonly since?: Date }): Partial<ConsumerConfig> {
  return {
    durable_name: service,
    ack_policy: AckPolicy.Explicit,
    ...(since
      ? { deliver_policy: DeliverPolicy.StartTime, opt_start_time: since.toISOString() }
      : { deliver_policy: DeliverPolicy.New }),
  }
}
