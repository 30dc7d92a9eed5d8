import { fileURLToPath } from 'node:url'
import type { ComposeStatusChanged } from '#events/compose.ts'
import { house } from '#test/support/house.ts'
import { MetadataUnreadable } from '../../compose/read-metadata.ts'
import { understandCompose } from '../../compose/understand.ts'
import type { Policy } from '../../policy/policy.ts'
import { readPolicy } from '../../policy/read-policy.ts'
import { decideCadence } from '../decide-cadence.ts'
import { decideCompose } from '../decide-compose.ts'
import type { StreamDecision } from '../schedule.ts'
import { readStreamState, type StreamState } from '../state.ts'

/** Weekly drops are due on Mondays at 6; 2026-07-13 is one. */
export const shipped = readPolicy(fileURLToPath(new URL('../../../../deploy/drops.yaml', import.meta.url)), house)
export const everyNight: Policy = {
  ...shipped,
  distributions: shipped.distributions.map((one) => ({ ...one, nightly: true })),
}

/** A stream that is told things one after the other; what it said of late is kept. */
export class Stream {
  state: StreamState = readStreamState(undefined)
  last: StreamDecision = { state: this.state, events: [], ignored: null }
  readonly policy: Policy

  constructor(policy = shipped) {
    this.policy = policy
  }

  async hears(body: ComposeStatusChanged, now: string, request: { images: string[] | null } | null = null) {
    const read = () => Promise.reject(new MetadataUnreadable('out of reach', true))
    const options = { policy: this.policy, allowed: this.policy.allowedLocations, read }
    const message = { subject: 'pungi.compose.status.change' as const, body }
    const qualified = await understandCompose(message, new Date(now), options, new AbortController().signal)
    if ('ignored' in qualified) throw new Error(qualified.ignored)
    return this.#keep(decideCompose(this.state, qualified, { policy: this.policy, now: new Date(now), request }))
  }

  reaches(now: string) {
    return this.#keep(decideCadence(this.state, { policy: this.policy, now: new Date(now) }))
  }

  #keep(decision: StreamDecision) {
    this.last = decision
    // The ledger keeps JSON, so nothing may hang on more than that.
    this.state = readStreamState(JSON.parse(JSON.stringify(decision.state)))
    return decision.events.map((event) =>
      event.subject === 'drop.supersession.requested.v1'
        ? `${event.body.by} instead of ${event.body.drop}`
        : event.body.drop,
    )
  }
}
