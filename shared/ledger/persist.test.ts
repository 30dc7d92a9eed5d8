import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { LedgerAway, LedgerBroken } from './ledger.ts'
import { createPersist, type Troubles } from './persist.ts'

const troubles: Troubles = {
  classify: (error) => (messageOf(error) === 'full' ? 'passing' : 'broken'),
  explain: (error) => `the ledger is ${messageOf(error)}`,
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : ''
}

function setUp(more: Partial<Troubles> = {}) {
  const told: (string | null)[] = []
  const ending = new AbortController()
  const giveUp = new AbortController()
  const onAway = (reason: string | null) => void told.push(reason)
  return {
    told,
    ending,
    giveUp,
    persist: createPersist({ ...troubles, ...more }, giveUp, { ending: ending.signal, onAway }),
  }
}

/** Fails so many times, and then gives its number of tries. */
function failing(times: number) {
  let tries = 0
  return () => {
    tries += 1
    return tries > times ? Promise.resolve(tries) : Promise.reject(new Error('full'))
  }
}

it('an absence is told once however many calls it fails, and its end once', async () => {
  const { told, persist } = setUp()
  // One ledger, which comes back for both at once, whichever asks first.
  const ledger = failing(8)
  expect((await Promise.all([persist(ledger), persist(ledger)])).toSorted()).toEqual([10, 9])
  expect(told).toEqual(['the ledger is full', null])
})

it('who waits for a lock and gets it is no absence', async () => {
  const { told, persist } = setUp()
  expect(await persist(failing(2))).toBe(3)
  expect(told).toEqual([])
})

it('a success on the first try beside calls that fail does not mean that the ledger is back', async () => {
  const { told, persist } = setUp()
  await expect(persist(failing(Infinity), { patience: 300 })).rejects.toThrow(new LedgerAway('the ledger is full'))
  await persist(failing(0))
  expect(told).toEqual(['the ledger is full'])
})

it('a small write that fits on a full disk does not mean that there is room', async () => {
  let isFull = true
  const { told, persist } = setUp({ persists: () => isFull })
  await persist(failing(4))
  await persist(failing(4))
  expect(told).toEqual(['the ledger is full'])
  isFull = false
  await persist(failing(1))
  expect(told).toEqual(['the ledger is full', null])
})

it('what is damaged is not tried again, and all may know', async () => {
  const { persist, giveUp } = setUp()
  let tries = 0
  const broken = persist(() => {
    tries += 1
    return Promise.reject(new Error('damaged'))
  })
  await expect(broken).rejects.toThrow(LedgerBroken)
  expect(tries).toBe(1)
  expect(giveUp.signal.reason).toBeInstanceOf(LedgerBroken)
})

it('when the process ends, calls that wait and calls without an answer are given up at once', async () => {
  const { persist, ending, told } = setUp()
  const waiting = persist(failing(Infinity))
  const unanswered = persist(() => new Promise(() => {}))
  const both = Promise.allSettled([waiting, unanswered])
  await sleep(100)
  const start = performance.now()
  ending.abort()
  expect((await both).map((one) => one.status === 'rejected' && one.reason instanceof LedgerAway)).toEqual([true, true])
  expect(performance.now() - start).toBeLessThan(100)
  // Those that come later get a moment, and no second try.
  await expect(persist(() => new Promise(() => {}))).rejects.toThrow('the process ends')
  expect(await persist(failing(0))).toBe(1)
  expect(performance.now() - start).toBeLessThan(2_000)
  expect(told.length).toBeLessThan(2)
})
