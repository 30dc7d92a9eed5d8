import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { PermanentError, TransientError } from './errors.ts'
import { built, cancelled, drop, makeFolder, request, setUp, taskClosed, untilTask } from './testing/waiting-builder.ts'

it('ends with its drop, at once when nothing is to be cleaned up', async () => {
  let runs = 0
  await using at = await setUp(await makeFolder(), (job) => {
    runs += 1
    return untilTask(7)(job)
  })
  await at.say(request)
  await at.is('waiting')
  await at.say(cancelled)
  await at.is('cancelled')
  await at.bus.publish([taskClosed(7)])
  await sleep(50)
  expect(runs).toBe(1)
})

it('cleans up after a job that waits before it ends with its drop', async () => {
  const states: unknown[] = []
  await using at = await setUp(await makeFolder(), untilTask(7), ({ waited }) => {
    states.push(waited?.state)
    if (states.length < 3) throw new TransientError('the hub is busy')
    return Promise.resolve()
  })
  await at.say(request)
  await at.is('waiting')
  await at.say(cancelled)
  await at.is('cancelled')
  expect(states).toEqual([{ id: 7 }, { id: 7 }, { id: 7 }])
  expect(await at.said('image.built.v1')).toEqual([])
})

it('cleans up after a running job as well, once it has stopped', async () => {
  const order: string[] = []
  await using at = await setUp(
    await makeFolder(),
    async ({ signal }) => {
      await sleep(60_000, undefined, { signal }).catch(() => order.push('stopped'))
      return { events: [built()] }
    },
    ({ waited }) => {
      expect(waited).toBeUndefined()
      order.push('cleaned up')
      return Promise.resolve()
    },
  )
  await at.say(request)
  await at.is('running')
  await at.say(cancelled)
  await at.is('cancelled')
  expect(order).toEqual(['stopped', 'cleaned up'])
  expect(await at.said('image.built.v1')).toEqual([])
})

it('cleans up once more after it was stopped in the middle of it, and needs no handler for that', async () => {
  const folder = await makeFolder()
  {
    const cleaning = Promise.withResolvers<void>()
    await using at = await setUp(folder, untilTask(7), async ({ signal }) => {
      cleaning.resolve()
      await sleep(60_000, undefined, { signal })
    })
    await at.say(request)
    await at.is('waiting')
    await at.say(cancelled)
    await cleaning.promise
    // A look at the leases says that the job is cancelled: it is, and goes on cleaning up.
    await at.ledger.reclaim(() => true, new Date())
    await sleep(50)
    expect((await at.job())?.state).toBe('running')
  }
  let state: unknown
  await using at = await setUp(
    folder,
    () => Promise.reject(new Error('it must not run')),
    ({ waited }) => {
      ;({ state } = waited ?? {})
      return Promise.resolve()
    },
  )
  await at.is('cancelled')
  expect(state).toEqual({ id: 7 })
})

it('leaves what it cannot clean up to a person, and says nothing more of the drop', async () => {
  await using at = await setUp(await makeFolder(), untilTask(7), () => {
    throw new PermanentError('environment', 'the hub is gone')
  })
  await at.say(request)
  await at.is('waiting')
  await at.say(cancelled)
  await at.is('quarantined')
  expect((await at.job())?.error).toBe('the hub is gone')
  expect(await at.said('image.failed.v1')).toEqual([])
})

it('begins anew when a person takes it up again', async () => {
  const runs: unknown[] = []
  await using at = await setUp(await makeFolder(), (job) => {
    runs.push(job.waited)
    return untilTask(7)(job)
  })
  await at.say(request)
  await at.is('waiting')
  await at.say(cancelled)
  await at.is('cancelled')
  await at.ledger.replay(drop, new Date())
  await at.is('waiting')
  expect(runs).toEqual([undefined, undefined])
})
