import { sql, type Kysely } from 'kysely'
import type { Ledger, WorkPlace } from './ledger.ts'
import type { Tables } from './schema.ts'
import type { Wake } from './sqlite/wake.ts'
import { accept } from './statements/accept.ts'
import { finish } from './statements/finish.ts'
import { heartbeat } from './statements/heartbeat.ts'
import { lease } from './statements/lease.ts'
import { insertOutbox, markSent, takeUnsent } from './statements/outbox.ts'
import { putBack, reclaim, replay } from './statements/put-back.ts'
import { readBacklog, readEntity, readEvents, readJobs, readNextDue } from './statements/read.ts'

interface Backend {
  readonly wake: Wake
  readonly close: () => Promise<void>
}

/** The ledger over any database that Kysely speaks to; every change rings the bell where it makes work. */
export function createSqlLedger(db: Kysely<Tables>, { wake, close }: Backend): Ledger {
  async function thenRing<Result>(where: WorkPlace, change: Promise<Result>): Promise<Result> {
    const result = await change
    wake.ring(where)
    return result
  }
  return {
    accept: (service, deliveries, now) =>
      thenRing(deliveries.some((one) => one.endsWork) ? 'anywhere' : { service }, accept(db, service, deliveries, now)),
    lease: (service, options) => lease(db, service, options),
    heartbeat: (jobs, owner, until) => heartbeat(db, jobs, owner, until),
    finish: (job, owner, outcome, now) => thenRing('outbox', finish(db, job, owner, outcome, now)),
    putBack: (job, owner, options) => thenRing('anywhere', putBack(db, job, owner, options)),
    reclaim: (isAlive, now) => thenRing('anywhere', reclaim(db, isAlive, now)),
    entity: (service, key) => readEntity(db, service, key),
    say: (envelope, now) => thenRing('outbox', insertOutbox(db, envelope, { now })),
    takeUnsent: (options) => takeUnsent(db, options),
    markSent: (seqs, now) => markSent(db, seqs, now),
    replay: (drop, now) => thenRing('anywhere', replay(db, drop, now)),
    jobs: (selector) => readJobs(db, selector),
    events: (selector) => readEvents(db, selector),
    nextDue: (service) => readNextDue(db, service),
    backlog: () => readBacklog(db),
    async ping() {
      await sql`select 1`.execute(db)
    },
    watch: (listener) => wake.listen(listener),
    [Symbol.asyncDispose]: close,
  }
}
