import { sql, type Kysely } from 'kysely'
import type { DatabaseKind } from './database-kind.ts'
import type { Ledger } from './ledger.ts'
import type { Persist } from './persist.ts'
import type { Tables } from './schema.ts'
import { accept } from './statements/accept.ts'
import { readBacklog } from './statements/backlog.ts'
import { readEntity } from './statements/entity.ts'
import { finish } from './statements/finish.ts'
import { heartbeat } from './statements/heartbeat.ts'
import { lease } from './statements/lease.ts'
import { makeRoom } from './statements/make-room.ts'
import { insertOutbox, insertRequest, markSent, takeUnsent } from './statements/outbox.ts'
import { park } from './statements/park.ts'
import { putBack, reclaim, replay } from './statements/put-back.ts'
import { readEvents, readJobs, readNextDue } from './statements/read.ts'
import { readUnfit } from './statements/unfit.ts'
import { forgetWorker, readWorkers, recordWorker } from './statements/workers.ts'
import type { Wake, WakeScope } from './wake.ts'

interface Backend {
  readonly kind: DatabaseKind
  readonly wake: Wake
  readonly persist: Persist
  readonly givenUp: AbortSignal
  readonly close: () => Promise<void>
}

/** For calls that name a time soon: later they would say the wrong thing, and their caller comes back anyway. */
const soon = { patience: 5_000 }

/** The ledger over any database that Kysely speaks to; every change rings the bell where it makes work. */
export function createSqlLedger(db: Kysely<Tables>, { kind, wake, persist, givenUp, close }: Backend): Ledger {
  async function thenRing<Result>(where: WakeScope, change: Promise<Result>): Promise<Result> {
    const result = await change
    wake.ring(where)
    return result
  }
  return {
    async accept(service, deliveries, now) {
      const { fresh, hasWork } = await persist(() => accept(db, kind, service, deliveries, now))
      if (hasWork) wake.ring(deliveries.some((one) => one.endsWork) ? 'anywhere' : { service })
      return fresh
    },
    lease: (service, options) => persist((repeated) => lease(db, kind, service, { ...options, repeated }), soon),
    present: (services, owner, capacity, now) =>
      persist(() => recordWorker(db, services, { owner, capacity, now }), soon),
    leave: (owner) => persist(() => forgetWorker(db, owner), soon),
    workers: (now) => persist(() => readWorkers(db, now), soon),
    unfit: (now) => persist(() => readUnfit(db, now), soon),
    async makeRoom(service, options) {
      const told = await persist(() => makeRoom(db, kind, service, options), soon)
      // Whoever runs them hears it at once.
      if (told > 0) wake.ring('anywhere')
      return told
    },
    heartbeat: (jobs, owner, until) => persist(() => heartbeat(db, kind, jobs, owner, until), soon),
    finish: (job, owner, outcome, now) =>
      thenRing(
        'said',
        persist((repeated) => finish(db, kind, job, owner, outcome, { now, repeated })),
      ),
    async park(job, owner, wait, now) {
      const service = await persist((repeated) => park(db, kind, job, owner, wait, { now, repeated }))
      // Others look when it is due: it may be so already, and we may be gone by then.
      wake.ring({ service })
      if (wait.events.length > 0) wake.ring('said')
    },
    async putBack(job, owner, options) {
      const service = await persist((repeated) => putBack(db, job, owner, { ...options, repeated }))
      // Who put it back takes it up again, or leaves it to one other of its service.
      wake.ring(service === null ? 'anywhere' : { service })
    },
    async reclaim(isAlive, now) {
      const jobs = await persist(() => reclaim(db, isAlive, now))
      if (jobs !== null) wake.ring('anywhere')
      return jobs ?? 0
    },
    entity: (service, key) => persist(() => readEntity(db, service, key)),
    say: (envelope, now, by) =>
      thenRing(
        by === undefined ? 'outbox' : 'said',
        persist(() =>
          by === undefined ? insertRequest(db, kind, envelope, now) : insertOutbox(db, kind, [envelope], { now, by }),
        ),
      ),
    takeUnsent: (options) => persist(() => takeUnsent(db, kind, options), soon),
    markSent: (seqs, now) => persist(() => markSent(db, kind, seqs, now)),
    replay: (drop, now) =>
      thenRing(
        'anywhere',
        persist(() => replay(db, drop, now)),
      ),
    jobs: (selector) => persist(() => readJobs(db, selector)),
    events: (selector) => persist(() => readEvents(db, selector)),
    nextDue: (service, looked) => persist(() => readNextDue(db, service, looked), soon),
    backlog: (now) => persist(() => readBacklog(db, now), soon),
    account: () => persist(() => kind.account(db), soon),
    async ping() {
      await sql`select 1`.execute(db)
    },
    watch: (listener, options) => wake.listen(listener, options),
    offer: (service, isFree) => {
      wake.offer(service, isFree)
    },
    keepsTime: (service) => wake.keepsTime(service),
    givenUp,
    [Symbol.asyncDispose]: close,
  }
}
