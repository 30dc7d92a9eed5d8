import { LeaseLost, type Job, type LeasedJob } from '#ledger/ledger.ts'
import type { WakeScope } from '#ledger/wake.ts'
import { attempt } from './attempt.ts'
import type { BoundService } from './define.ts'
import { Cancelled, Preempted, Stopping } from './errors.ts'
import { createPace } from './pace.ts'
import { createRoomMaker } from './room-maker.ts'
import type { Runtime } from './runtime.ts'

/** How long a lease lasts without a heartbeat, in milliseconds. A worker that died is noticed after this time. */
const leaseTime = 30_000
const heartbeatEvery = leaseTime / 3
/** When the next job is due is looked up only after things have been quiet this long. */
const quietTime = 100
/** What there is more than we have room for is left to others after this time: jobs that are short would be done before these had looked. */
const busyTime = { short: 200, long: 50 }
/** When the ledger did not answer. */
const retryAfter = 1_000

/** Takes a service's jobs from the ledger and runs as many at once as the service allows. */
export interface Dispatcher {
  /** There may be work; `anywhere` also means that a running job may have been cancelled. */
  wake(where: WakeScope): void
  /** There may be more room on this host: a job may fit that did not, where what jobs need is counted. */
  look(): void
  /** Takes no more jobs; gives running ones until the deadline to end, then puts them back. */
  stop(graceMilliseconds: number): Promise<void>
}

/** Starts to take a service's jobs. `onError` hears of what should not happen: the ledger itself failing. */
export function createDispatcher(
  runtime: Runtime,
  service: BoundService,
  onError: (error: unknown) => void,
): Dispatcher {
  const running = new Map<number, { job: Job; abort: AbortController; ended: Promise<void> }>()
  let pumping: Promise<void> | null = null
  let again = false
  /** Whether the last look may have left something: there was as much as we could take, or something came since. */
  let mayBeMore = true
  /** Whether we were told of work since the last look. */
  let isTold = false
  /** Whether there may be work for later that nobody else looks out for. */
  let hasNews = true
  /** Whether it is time to ask if we keep the time for all. */
  let mayKeepTime = false
  let looked = new Date(0)
  /** Whether we were called for work that we may not have room for on our host. */
  let called = false
  let stopped = false
  /** Set until things have been quiet for long enough. */
  let quiet: NodeJS.Timeout | null = null
  /** For the next job that is due. */
  let alarm: NodeJS.Timeout | null = null
  let looksAhead = 0
  /** Set while each look finds as much as we have room for, until that is left to others. */
  let busy: NodeJS.Timeout | null = null
  const pace = createPace(runtime.onPace ?? (() => {}))
  const room = createRoomMaker(runtime, service, onError)
  const heart = setInterval(() => void beat().catch(onError), heartbeatEvery)

  function pump(): Promise<void> {
    again = true
    pumping ??= takeAll().finally(() => {
      pumping = null
    })
    return pumping
  }

  async function takeAll(): Promise<void> {
    try {
      while (again) {
        again = false
        await takeJobs()
      }
    } catch (error) {
      onError(error)
      mayBeMore = true
      hasNews = true
      quiet = endOf(quiet)
      if (!stopped) quiet = setTimeout(() => void pump(), retryAfter)
    }
  }

  async function takeJobs(): Promise<void> {
    const limit = service.concurrency - running.size
    if (stopped || limit <= 0) return
    mayBeMore = false
    const wasTold = isTold
    isTold = false
    const now = timeOfLook()
    const until = new Date(now.getTime() + leaseTime)
    const capacity = service.needs === null ? undefined : await runtime.capacity?.()
    const jobs = await runtime.ledger.lease(service.name, {
      owner: runtime.owner,
      now,
      until,
      limit,
      ...(capacity && { capacity }),
    })
    looked = now
    // What we were told of is not due yet, or waits for one of its key.
    if (wasTold && jobs.length === 0) hasNews = true
    jobs.forEach(start)
    // Where what they need is counted, they come one by one.
    if (capacity && jobs.length > 0) again = true
    quiet = endOf(quiet)
    if (jobs.length < limit) {
      busy = endOf(busy)
      // What does not fit here may fit elsewhere.
      if (capacity && jobs.length === 0 && called) leaveToOthers()
      if (jobs.length === 0) {
        called = false
        room.ask()
      }
      if (!stopped) quiet = setTimeout(whenQuiet, quietTime)
      return
    }
    mayBeMore = true
    busy ??= setTimeout(leaveToOthers, pace.areShort ? busyTime.short : busyTime.long)
  }

  /** Another than of the look before: by it, the ledger tells what an earlier try of the same call has taken. */
  function timeOfLook(): Date {
    const now = runtime.now()
    const ahead = looked.getTime() - now.getTime()
    return ahead >= 0 && ahead < 1_000 ? new Date(looked.getTime() + 1) : now
  }

  function leaveToOthers(): void {
    busy = endOf(busy)
    runtime.ledger.offer(service.name, false)
  }

  function start(job: LeasedJob): void {
    const abort = new AbortController()
    const endOfTry = pace.begin()
    const ended = attempt(runtime, service, job, abort.signal)
      .catch(onError)
      .then((outcome) => {
        endOfTry()
        // A job that was put back may be running again already.
        if (running.get(job.id)?.abort === abort) running.delete(job.id)
        hasNews ||= outcome === undefined || outcome === 'queued' || outcome === 'waiting'
        if (service.needs !== null) runtime.onRoom?.()
        // The next with its key could not begin before.
        if (mayBeMore || service.keyOf !== null) void pump()
      })
    running.set(job.id, { job, abort, ended })
    if (stopped) abort.abort(new Stopping('the process stops'))
  }

  async function beat(): Promise<void> {
    if (running.size === 0) return
    const asked = new Map(running)
    const until = new Date(runtime.now().getTime() + leaseTime)
    const held = await runtime.ledger.heartbeat([...asked.keys()], runtime.owner, until)
    for (const [id, { job, abort }] of asked) {
      // What was said of a try that has ended since says nothing of the next.
      if (running.get(id)?.abort !== abort) continue
      const what = held.get(id)
      // One that was leased after its drop had ended knows that, and cleans up.
      if (what === 'cancelled' && !job.cancelRequested) abort.abort(new Cancelled('cancelled on request'))
      if (typeof what === 'object') abort.abort(new Preempted(`preempted by the ${what.preemptedBy}`))
      if (what === 'lost') abort.abort(new LeaseLost(`the lease on job ${String(id)} was lost`))
    }
  }

  function whenQuiet(): void {
    quiet = null
    runtime.ledger.offer(service.name, true)
    void lookAhead().catch(onError)
  }

  /** Looks once when the next job is due, and wakes up then: if we know of one, or keep the time for all. */
  async function lookAhead(): Promise<void> {
    const asks = mayKeepTime
    mayKeepTime = false
    if (!hasNews && !(asks && (await runtime.ledger.keepsTime(service.name)))) return
    hasNews = false
    const mine = (looksAhead += 1)
    const due = await runtime.ledger.nextDue(service.name, looked).catch((error: unknown) => {
      hasNews = true
      throw error
    })
    // A later look knows better.
    if (stopped || mine !== looksAhead) return
    alarm = endOf(alarm)
    if (due === null) return
    const wait = Math.max(due.getTime() - runtime.now().getTime(), 0)
    alarm = setTimeout(whenDue, Math.min(wait + 1, 60_000))
  }

  function whenDue(): void {
    alarm = null
    hasNews = true
    if (running.size < service.concurrency) void pump()
    else leaveToOthers()
  }

  return {
    wake(where) {
      if (where !== 'anywhere' && (typeof where === 'string' || where.service !== service.name)) return
      mayBeMore = true
      if (where === 'anywhere') mayKeepTime = true
      else isTold = called = true
      if (!stopped && running.size < service.concurrency) void pump()
      else {
        // It is for somebody else, or for us if it goes before what we do.
        if (where !== 'anywhere' && busy === null) leaveToOthers()
        if (!stopped) room.ask()
      }
      if (where === 'anywhere') void beat().catch(onError)
    },
    look() {
      if (service.needs === null) return
      mayBeMore = true
      if (!stopped && running.size < service.concurrency) void pump()
    },
    async stop(grace) {
      stopped = true
      quiet = endOf(quiet)
      alarm = endOf(alarm)
      room.stop()
      // What is being leased at this moment is to be put back as well.
      await pumping
      const all = Promise.all([...running.values()].map((one) => one.ended))
      const deadline = setTimeout(() => {
        for (const { abort } of running.values()) abort.abort(new Stopping('the process stops'))
      }, grace)
      await all
      clearTimeout(deadline)
      clearInterval(heart)
      // What was put back is for somebody else.
      leaveToOthers()
    },
  }
}

function endOf(timer: NodeJS.Timeout | null): null {
  if (timer) clearTimeout(timer)
  return null
}
