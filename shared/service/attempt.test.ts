import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { JobProgress } from '#bus/bus.ts'
import { say } from '#events/define.ts'
import { dropCancelled } from '#events/drop-cancelled.ts'
import { seal } from '#events/envelope.ts'
import { imageBuilt } from '#events/image-built.ts'
import { PermanentError, TransientError } from './errors.ts'
import { built, drop, request, setUp, until } from './testing/builder-at-work.ts'

it('hands an event to the handler and says what the handler returned, with its cause', async () => {
  await using at = await setUp(() => Promise.resolve([built()]))
  await at.say(request)
  await until(async () => (await at.said('image.built.v1')).length === 1)
  const [event] = await at.said('image.built.v1')
  const [cause] = await at.said('image.requested.v1')
  expect(event).toMatchObject({ drop, causation: cause?.id, body: imageBuilt.example })
  expect(await at.states()).toEqual(['done'])
})

it('makes no folders for a job that asks for none', async () => {
  await using at = await setUp(() => Promise.resolve([built()]))
  await at.say(request)
  await until(async () => (await at.said('image.built.v1')).length === 1)
  expect(existsSync(join(at.stateFolder, 'work'))).toBe(false)
  expect(existsSync(join(at.stateFolder, 'logs'))).toBe(false)
})

it('does the work once for an event that is said and delivered twice', async () => {
  let runs = 0
  await using at = await setUp(() => {
    runs += 1
    return Promise.resolve([])
  })
  await at.say(request, 'seed')
  await at.say(request, 'seed')
  await until(async () => (await at.states()).includes('done'))
  const [event] = await at.said('image.requested.v1')
  if (event) await at.bus.publish([event, event])
  await sleep(50)
  expect(runs).toBe(1)
})

it('retries a transient error, keeps the work folder meanwhile, and succeeds', async () => {
  const attempts: number[] = []
  let folder = ''
  await using at = await setUp(async (_event, _dependencies, { attempt, workFolder }) => {
    attempts.push(attempt)
    folder = workFolder
    if (attempt === 1) await writeFile(join(workFolder, 'kept'), '')
    if (attempt < 3) throw new TransientError('the mirror is busy')
    return existsSync(join(workFolder, 'kept')) ? [built()] : []
  })
  await at.say(request)
  await until(async () => (await at.said('image.built.v1')).length === 1)
  expect(attempts).toEqual([1, 2, 3])
  await until(() => !existsSync(folder))
})

it('what is said of a try that has ended does not end the next', async () => {
  const second = Promise.withResolvers<void>()
  const heard = Promise.withResolvers<void>()
  await using at = await setUp(
    async (_event, _nothing, { attempt }) => {
      if (attempt === 1) throw new TransientError('the first time')
      second.resolve()
      await heard.promise
      return [built()]
    },
    {
      // Putting the first try back rings for a look at all leases; its answer is held up until the second try runs.
      wrap: (ledger) => {
        let isFirst = true
        return {
          ...ledger,
          async heartbeat(jobs: readonly number[], owner: string, until: Date) {
            if (!isFirst) return await ledger.heartbeat(jobs, owner, until)
            isFirst = false
            await second.promise
            setTimeout(heard.resolve, 50)
            return new Map(jobs.map((job) => [job, 'lost' as const]))
          },
        }
      },
    },
  )
  await at.say(request)
  await heard.promise
  await until(async () => (await at.states())[0] !== 'running')
  expect(await at.states()).toEqual(['done'])
})

it('puts a job in quarantine when its attempts are used up, and tells that the image failed', async () => {
  let runs = 0
  await using at = await setUp(() => {
    runs += 1
    return Promise.reject(new TransientError('the mirror is busy'))
  })
  await at.say(request)
  await until(async () => (await at.states())[0] === 'quarantined')
  expect(runs).toBe(3)
  const [failed] = await at.said('image.failed.v1')
  expect(failed?.body).toMatchObject({ failure: { step: 'builder', class: 'transient', reason: 'the mirror is busy' } })
})

it('does not retry what no retry can help, and an operator can replay it', async () => {
  let broken = true
  let runs = 0
  await using at = await setUp(() => {
    runs += 1
    if (broken) throw new PermanentError('recipe', 'no such package')
    return Promise.resolve([built()])
  })
  await at.say(request)
  await until(async () => (await at.states())[0] === 'quarantined')
  expect(runs).toBe(1)
  broken = false
  expect(await at.ledger.replay(drop, new Date())).toBe(1)
  await until(async () => (await at.said('image.built.v1')).length === 1)
  expect(await at.states()).toEqual(['done'])
})

it('refuses an event that is not what its schema promises, and nothing of the job is said', async () => {
  const wrong = { subject: 'image.built.v1' as const, body: { ...imageBuilt.example, seconds: -1 } }
  await using at = await setUp(() => Promise.resolve([wrong]))
  await at.say(request)
  await until(async () => (await at.states())[0] === 'quarantined')
  expect(await at.said('image.built.v1')).toEqual([])
  const [job] = await at.ledger.jobs({ service: 'builder' })
  expect(job?.error).toMatch(/image\.built\.v1: seconds: .*got -1/)
})

it('aborts the running job of a drop that is cancelled', async () => {
  let aborted = false
  await using at = await setUp(async (_event, _dependencies, { signal }) => {
    await sleep(10_000, undefined, { signal }).catch(() => {
      aborted = true
    })
    return []
  })
  await at.say(request)
  await until(async () => (await at.states())[0] === 'running')
  await at.say(say(dropCancelled, { drop, by: 'somebody' }))
  await until(async () => (await at.states())[0] === 'cancelled')
  expect(aborted).toBe(true)
  expect(await at.said('image.failed.v1')).toEqual([])
})

it('puts a running job back when the process stops, without counting the attempt', async () => {
  await using at = await setUp(async (_event, _dependencies, { signal }) => {
    await sleep(10_000, undefined, { signal })
    return []
  })
  await at.say(request)
  await until(async () => (await at.states())[0] === 'running')
  const began = Date.now()
  await at.stop(100)
  expect(Date.now() - began).toBeLessThan(2_000)
  const [job] = await at.ledger.jobs({ service: 'builder' })
  expect(job).toMatchObject({ state: 'queued', attempts: 0 })
})

it('lets a short job end when the process stops', async () => {
  await using at = await setUp(async () => {
    await sleep(200)
    return [built()]
  })
  await at.say(request)
  await until(async () => (await at.states())[0] === 'running')
  await at.stop(5_000)
  expect(await at.states()).toEqual(['done'])
  expect(await at.said('image.built.v1')).toHaveLength(1)
})

it('keeps state under a key: jobs see what the one before them left', async () => {
  const seen: unknown[] = []
  await using at = await setUp(
    async (_event, _dependencies, { state }) => {
      seen.push(state)
      await sleep(5)
      return { events: [], state: { count: seen.length } }
    },
    { keyed: true, concurrency: 4 },
  )
  for (let count = 0; count < 4; count += 1) await at.say(request)
  await until(async () => (await at.states()).filter((state) => state === 'done').length === 4)
  expect(seen).toEqual([undefined, { count: 1 }, { count: 2 }, { count: 3 }])
})

it.each([
  ['no key', null],
  ['another key', 'another'],
])('gives a job that another version took in under %s the state of its own', async (_, key) => {
  const seen: unknown[] = []
  await using at = await setUp(
    (_event, _dependencies, { state }) => {
      seen.push(state)
      return Promise.resolve({ events: [], state: { count: seen.length } })
    },
    { keyed: true },
  )
  const done = async () => (await at.states()).filter((state) => state === 'done').length
  await at.say(request)
  await until(async () => (await done()) === 1)
  const envelope = seal(request, { now: new Date() })
  await at.ledger.accept('builder', [{ envelope, key, wanted: true, endsWork: false }], new Date())
  await until(async () => (await done()) === 2)
  expect(seen).toEqual([undefined, { count: 1 }])
  expect(await at.ledger.entity('builder', 'one')).toMatchObject({ state: { count: 2 } })
})

it('runs as many jobs at once as the service allows', async () => {
  let now = 0
  let most = 0
  await using at = await setUp(
    async () => {
      now += 1
      most = Math.max(most, now)
      await sleep(30)
      now -= 1
      return []
    },
    { concurrency: 2 },
  )
  for (let count = 0; count < 6; count += 1) await at.say(request)
  await until(async () => (await at.states()).filter((state) => state === 'done').length === 6)
  expect(most).toBe(2)
})

it('shows progress of a job as it goes', async () => {
  await using at = await setUp((_event, _dependencies, { progress }) => {
    progress({ phase: 'installing packages', done: 5, total: 10, unit: 'steps' })
    return Promise.resolve([])
  })
  const seen: JobProgress[] = []
  at.bus.watch((progress) => seen.push(progress))
  await at.say(request)
  await until(async () => (await at.states())[0] === 'done')
  expect(seen.map((one) => one.state)).toEqual(['started', 'running', 'done'])
  expect(seen[1]).toMatchObject({
    service: 'builder',
    drop,
    image: 'ec2.x86_64',
    phase: 'installing packages',
    done: 5,
  })
})
