import { pino } from 'pino'
import { createMemoryBus } from '#bus/memory/memory-bus.ts'
import { say, type BodyOf, type Said } from '#events/define.ts'
import { dropAnnounced } from '#events/drop-announced.ts'
import { dropFailed } from '#events/drop-failed.ts'
import { dropReady } from '#events/drop-ready.ts'
import { dropScheduled } from '#events/drop-scheduled.ts'
import { seal, type Envelope } from '#events/envelope.ts'
import { blessingRequested } from '#events/operator.ts'
import type { Job, LeasedJob } from '#ledger/ledger.ts'
import { attempt } from '#service/attempt.ts'
import { backoff } from '#service/backoff.ts'
import type { BoundService } from '#service/define.ts'
import { PermanentError } from '#service/errors.ts'
import { inboxOf } from '#service/inbox.ts'
import { noFolder } from '#test/support/context.ts'
import { createAgenda } from './agenda.ts'
import { chanceOf } from './chance.ts'
import { composeMessages, isCandidate } from './composes.ts'
import { assumed } from './durations.ts'
import { fateOf, type Chances, type Fate } from './fate.ts'
import { openMemoryLedger } from './ledger.ts'
import { createTally, type Tally } from './tally.ts'
import { imagesOf, simulatedServices, type Size } from './site.ts'
import { shareWorkers } from './workers.ts'

export interface Scenario extends Size, Chances {
  readonly workers: number
  readonly days: number
  /** Whether a candidate of a milestone comes after the composes of the first night. */
  readonly candidate: boolean
  /** Whether the order of jobs goes by what such jobs took before. */
  readonly history: boolean
}

/** As the runtime has it: a worker that is gone is noticed so many milliseconds after its last word. */
const leaseTime = 30_000
const owner = 'simulation'
const start = Date.UTC(2026, 0, 1)

/** One service with its workers. */
interface Desk {
  readonly service: BoundService
  readonly workers: number
  busy: number
  /** Whether there may be a job that nobody has looked at. */
  mayBeMore: boolean
}

/**
 * Lets some nights pass on a simulated clock. The scheduler, the policy, the ledger, the bus, the inboxes, and what becomes of an
 * attempt are the real ones; of the other services only the time is simulated that their jobs take.
 */
export async function simulate(scenario: Scenario): Promise<Tally> {
  const images = imagesOf(scenario)
  const agenda = createAgenda(start)
  const { now } = agenda
  const tally = createTally()
  await using ledger = await openMemoryLedger()
  await using bus = createMemoryBus()
  const log = pino({ level: 'silent' })
  const runtime = { ledger, bus, owner, stateFolder: noFolder, now, log }
  const signal = new AbortController().signal
  const shares = shareWorkers(scenario.workers, images)
  const desks: Desk[] = simulatedServices(scenario).map((service) => {
    // The scheduler takes eight jobs at a time, see its main.ts; the announcer does one after the other.
    const workers = shares.get(service.name) ?? (service.name === 'scheduler' ? 8 : 1)
    return { service, workers, busy: 0, mayBeMore: false }
  })

  for (const desk of desks) {
    const { subjects, deliveryOf, service } = inboxOf(
      desk.service,
      desks.map(({ service }) => service),
    )
    const deliver = async (envelopes: readonly Envelope[]) => {
      await ledger.accept(
        service,
        envelopes.map((one) => ({ ...deliveryOf(one), ...(scenario.history ? {} : { paths: [] }) })),
        now(),
      )
      desk.mayBeMore = true
    }
    await bus.subscribe({ service, subjects, deliver })
  }
  const heard = [dropScheduled, dropReady, dropAnnounced, dropFailed].map(({ subject }) => subject)
  await bus.subscribe({
    service: 'people',
    subjects: heard,
    deliver: (envelopes) => {
      envelopes.forEach(hear)
      return Promise.resolve()
    },
  })

  /** A drop that lacks images, or is a candidate, waits for a person, who comes some time later. */
  function hear({ subject, drop, body }: Envelope): void {
    tally.hear(subject, drop ?? '', now())
    if (drop === null || subject !== dropReady.subject) return
    if ((body as BodyOf<typeof dropReady>).complete && !isCandidate(drop)) return
    agenda.at(now().getTime() + assumed.personHours * 3_600_000, () =>
      publish(say(blessingRequested, { drop, by: 'a person' })),
    )
  }

  async function publish(event: Said): Promise<void> {
    await bus.publish([seal(event, { now: now() })])
    await takeJobs()
  }

  async function sendAll(): Promise<void> {
    const services = desks.map(({ service }) => service.name)
    const until = new Date(now().getTime() + leaseTime)
    const rows = await ledger.takeUnsent({ owner, services, subjects: [], now: now(), until, limit: 1000 })
    if (rows.length === 0) return
    await bus.publish(rows.map(({ envelope }) => envelope))
    tally.send(rows.map(({ envelope }) => envelope))
    const seqs = rows.map(({ seq }) => seq)
    await ledger.markSent(seqs, now())
  }

  async function takeJobs(): Promise<void> {
    for (const desk of desks) {
      const limit = desk.workers - desk.busy
      if (!desk.mayBeMore || limit <= 0) continue
      const until = new Date(now().getTime() + leaseTime)
      const jobs = await ledger.lease(desk.service.name, { owner, now: now(), until, limit })
      desk.mayBeMore = jobs.length === limit
      desk.busy += jobs.length
      for (const job of jobs) await begin(desk, job)
    }
  }

  /** Draws what becomes of the attempt. One heartbeat stands for all that its worker would send. */
  async function begin(desk: Desk, job: LeasedJob): Promise<void> {
    const fate = fateOf(job, images, scenario)
    tally.begin(job, fate)
    const ends = now().getTime() + fate.after
    if (fate.after >= leaseTime) await ledger.heartbeat([job.id], owner, new Date(ends + leaseTime))
    agenda.at(ends, () => end(desk, job, fate))
  }

  async function end(desk: Desk, job: LeasedJob, fate: Fate): Promise<void> {
    if (fate.ends === 'evicted') leaveWorker(desk)
    else {
      desk.busy -= 1
      if (fate.ends === 'transient' && job.attempts < desk.service.retry.attempts) await tryLater(desk, job)
      else await attempt(runtime, fate.ends === 'done' ? desk.service : failing(desk.service, fate), job, signal)
      // The next job of the scheduler with its key could not begin before.
      desk.mayBeMore ||= desk.service.keyOf !== null
      await sendAll()
    }
    await takeJobs()
  }

  /** The worker says nothing more: its job is taken by another when its lease has run out. */
  function leaveWorker(desk: Desk): void {
    look(desk, now().getTime() + leaseTime + 1)
    agenda.at(now().getTime() + assumed.replacementSeconds * 1000, () => {
      desk.busy -= 1
      desk.mayBeMore = true
      return takeJobs()
    })
  }

  async function tryLater(desk: Desk, job: Job): Promise<void> {
    const random = () => chanceOf(scenario.seed, job.service, job.drop ?? '', job.image ?? '', job.attempts, 'backoff')
    const at = now().getTime() + backoff(desk.service.retry, job.attempts, random)
    await ledger.putBack(job.id, owner, { at: new Date(at), error: 'a simulated failure', counts: true })
    look(desk, at)
  }

  function look(desk: Desk, at: number): void {
    agenda.at(at, () => {
      desk.mayBeMore = true
      return takeJobs()
    })
  }

  for (const { at, event } of composeMessages(scenario, start)) agenda.at(at, () => publish(event))
  while (await agenda.next());
  tally.close({ start, end: Math.max(now().getTime(), start + scenario.days * 86_400_000), shares })
  return tally
}

/** The service on a job that comes to nothing: a broken image, or one try too many. */
function failing(service: BoundService, { ends }: Fate): BoundService {
  const error = new PermanentError(ends === 'broken' ? 'recipe' : 'transient', `a simulated failure: ${ends}`)
  return { ...service, handle: () => Promise.reject(error) }
}
