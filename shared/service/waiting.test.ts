import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import type { JobProgress } from '#bus/bus.ts'
import { createMemoryBus } from '#bus/memory/memory-bus.ts'
import { imageRequested } from '#events/image-requested.ts'
import type { kojiTaskChanged } from '#events/koji.ts'
import { openSqliteLedger } from '#ledger/sqlite/open.ts'
import { bindService } from './bind.ts'
import { defineService, type Waited } from './define.ts'
import { TransientError } from './errors.ts'
import { createMetrics } from './metrics.ts'
import { runServices } from './run.ts'
import { speaker } from './testing/speaker.ts'
import {
  built,
  done,
  drop,
  hour,
  makeFolder,
  request,
  setUp,
  taskClosed,
  untilTask,
  type Job,
} from './testing/waiting-builder.ts'

it('lets a job wait, and calls its handler again with the event that woke it', async () => {
  const runs: (Waited<typeof kojiTaskChanged> | undefined)[] = []
  let attempts: number[] = []
  await using at = await setUp(await makeFolder(), (job) => {
    runs.push(job.waited)
    attempts.push(job.attempt)
    return untilTask(7)(job)
  })
  await at.say(request)
  await at.is('waiting')
  const closed = taskClosed(7)
  await at.bus.publish([taskClosed(8), closed])
  await at.is('done')
  expect(runs).toEqual([undefined, { state: { id: 7 }, why: { event: closed }, since: expect.any(Date) as Date }])
  expect(attempts).toEqual([1, 1])
  expect(await at.said('image.built.v1')).toHaveLength(1)
  // It is no work of its own.
  expect(await at.ledger.jobs({ service: 'builder' })).toHaveLength(1)
})

it('runs other jobs while one waits, though the service runs one at a time', async () => {
  await using at = await setUp(await makeFolder(), untilTask(7))
  await at.say(request)
  await at.say(request)
  await expect.poll(async () => (await at.ledger.jobs({ states: ['waiting'] })).length).toBe(2)
})

it('says what is known when the wait begins, and keeps no folder over it', async () => {
  let folder = ''
  await using at = await setUp(await makeFolder(), async ({ waited, workFolder }) => {
    if (waited) return { events: [] }
    folder = workFolder
    await writeFile(join(folder, 'kept'), '')
    return { events: [built()], wait: { for: null, until: new Date(Date.now() + hour), reason: 'time', state: null } }
  })
  await at.say(request)
  await at.is('waiting')
  expect(await at.said('image.built.v1')).toMatchObject([{ drop, causation: (await at.job())?.envelope.id }])
  await expect.poll(() => existsSync(folder)).toBe(false)
})

it('goes on at once when the event came first, and once however often it comes', async () => {
  let runs = 0
  await using at = await setUp(await makeFolder(), (job) => {
    runs += 1
    return runs === 2 ? untilTask(7)({ ...job, waited: undefined as never }) : untilTask(7)(job)
  })
  const closed = taskClosed(7)
  await at.bus.publish([closed, closed])
  await at.say(request)
  await expect.poll(() => runs).toBe(2)
  await at.is('waiting')
  await at.bus.publish([closed])
  await sleep(100)
  expect(runs).toBe(2)
  expect((await at.job())?.state).toBe('waiting')
})

it('goes on when its time has come and nothing else', async () => {
  const began = Date.now()
  let why: unknown
  // Too early a time is a second from now: a handler that only ever looks must not keep the process busy.
  const soon = untilTask(7, { until: new Date(0) })
  await using at = await setUp(await makeFolder(), (job) => {
    why = job.waited?.why
    return soon(job)
  })
  await at.say(request)
  await at.is('done')
  expect(why).toBe('time')
  expect(Date.now() - began).toBeGreaterThanOrEqual(1_000)
})

it('goes on after everything was stopped, with events that come twice', async () => {
  const folder = await makeFolder()
  {
    await using at = await setUp(folder, untilTask(7))
    await at.say(request)
    await at.is('waiting')
  }
  const closed = taskClosed(7)
  {
    // It is woken, and stopped before it has done anything.
    await using at = await setUp(folder, ({ waited, signal }) => {
      expect(waited?.state).toEqual({ id: 7 })
      return sleep(60_000, { events: [] }, { signal })
    })
    await at.bus.publish([closed, closed])
    await at.is('running')
    await at.stop(0)
    expect(await at.job()).toMatchObject({ state: 'queued', attempts: 0 })
  }
  let waited: unknown
  let runs = 0
  await using at = await setUp(folder, (job) => {
    runs += 1
    ;({ waited } = job)
    return done()
  })
  await at.is('done')
  await at.bus.publish([closed])
  await sleep(50)
  expect(waited).toMatchObject({ state: { id: 7 }, why: { event: { id: closed.id } } })
  expect(runs).toBe(1)
  expect(await at.said('image.built.v1')).toHaveLength(1)
})

it('has all its attempts after a wait', async () => {
  const attempts: number[] = []
  await using at = await setUp(await makeFolder(), ({ waited, attempt }) => {
    attempts.push(attempt)
    if (attempt < 3) throw new TransientError('the hub is busy')
    return waited ? done() : untilTask(7, { until: new Date(0) })({} as Job)
  })
  await at.say(request)
  await at.is('done')
  expect(attempts).toEqual([1, 2, 3, 1, 2, 3])
})

it.each([
  [{ for: null, until: new Date(Number.NaN), state: null }, /waits for a task: until is not a time/],
  [{ for: null, until: new Date(), state: 'x'.repeat(65_536) }, /its state has 65538 bytes of JSON; 65536 is the most/],
])('refuses a wait that cannot be meant so', async (wait, message) => {
  await using at = await setUp(await makeFolder(), () =>
    Promise.resolve({ events: [], wait: { ...wait, reason: 'a task' } }),
  )
  await at.say(request)
  await at.is('quarantined')
  expect((await at.job())?.error).toMatch(message)
})

it('refuses to wait for an event of which the service has not said that it wakes', async () => {
  const folder = await makeFolder()
  await using ledger = await openSqliteLedger(folder)
  const bus = createMemoryBus()
  const definition = defineService({
    name: 'builder',
    consumes: [imageRequested],
    emits: [],
    handle: () => Promise.resolve({ events: [], wait: { for: 'x', until: new Date(), reason: 'a task', state: null } }),
  })
  const runtime = {
    ledger,
    bus,
    owner: 'test',
    stateFolder: folder,
    now: () => new Date(),
    log: pino({ level: 'silent' }),
  }
  const running = await runServices(
    [{ service: bindService(definition, null) }, { service: bindService(speaker, null) }],
    runtime,
  )
  await running.voiceOf('scheduler').say(request)
  await expect.poll(async () => (await ledger.jobs({}))[0]?.error).toMatch(/names no event that wakes/)
  await running.stop(0)
})

it('tells people what it waits for: live, in the log and in the figures', async () => {
  await using at = await setUp(await makeFolder(), untilTask(7))
  const seen: JobProgress[] = []
  at.bus.watch((progress) => seen.push(progress))
  await at.say(request)
  await at.is('waiting')
  await expect
    .poll(() => seen.at(-1))
    .toMatchObject({ service: 'builder', state: 'waiting', phase: 'waits for a task' })
  expect(at.lines.find((line) => line.msg === 'waiting')).toMatchObject({ reason: 'a task', key: 'task 7' })
  const metrics = await createMetrics(at.ledger, at.bus).metrics()
  expect(metrics).toContain('imagedrop_jobs{service="builder",state="waiting"} 1')
  expect(metrics).toContain('imagedrop_waiting_jobs{service="builder",reason="a task",kind="others"} 1')
  expect(metrics).toMatch(/imagedrop_oldest_wait_seconds\{service="builder",reason="a task",kind="others"\} \d/)
  expect(metrics).toMatch(/imagedrop_oldest_job_age_seconds\{service="builder",state="waiting"\} \d/)
  expect(metrics).toMatch(/imagedrop_attempt_seconds_count\{service="builder",.*outcome="waiting"\} [1-9]/)
})
