import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createMemoryBus } from '#bus/memory/memory-bus.ts'
import type { Bus } from '#bus/bus.ts'
import type { Envelope } from '#events/envelope.ts'
import type { Ledger } from '#ledger/ledger.ts'
import { openSqliteLedger } from '#ledger/sqlite/open.ts'
import { requested } from '#ledger/testing/ledger.ts'
import { createRelay } from './relay.ts'

let folder: string
let ledger: Ledger
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imagedrop-relay-'))
  ledger = await openSqliteLedger(folder)
})
afterEach(async () => {
  await ledger[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

const outlet = { services: ['builder'], subjects: [], hearsRequests: false, isOurs: () => true }
const by = { service: 'builder', owner: 'one' }

function relayOn(bus: Bus, onError: (error: unknown) => void = () => {}) {
  const now = () => new Date()
  return createRelay({ bus, ledger, owner: 'one', now, outlet, hear: () => Promise.resolve() }, onError)
}

async function say(count: number): Promise<string[]> {
  const events = Array.from({ length: count }, requested)
  for (const event of events) await ledger.say(event, new Date(), by)
  return events.map(({ id }) => id)
}

it('has two full batches on their way at a time, in order, and sends each event once', async () => {
  const said = await say(850)
  const sent: string[] = []
  const waiting: (() => void)[] = []
  const publish = async (envelopes: readonly Envelope[]) => {
    sent.push(...envelopes.map(({ id }) => id))
    await new Promise<void>((resolve) => waiting.push(resolve))
  }
  const relay = relayOn({ ...createMemoryBus(), publish })
  relay.wake()
  await expect.poll(() => sent.length, { timeout: 20_000 }).toBe(400)
  waiting.shift()?.()
  await expect.poll(() => sent.length, { timeout: 20_000 }).toBe(600)
  expect(waiting).toHaveLength(2)
  while (sent.length < said.length || waiting.length > 0) {
    waiting.shift()?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  await relay.stop()
  expect(sent).toEqual(said)
  expect((await ledger.backlog(new Date())).outbox).toBe(0)
})

it('sends all again, in order, when the bus fails under the first of two batches', async () => {
  const said = await say(300)
  const sent: string[] = []
  const errors: unknown[] = []
  let calls = 0
  const publish = async (envelopes: readonly Envelope[]) => {
    calls += 1
    if (calls <= 2) throw new Error('the connection is gone')
    sent.push(...envelopes.map(({ id }) => id))
    await Promise.resolve()
  }
  const relay = relayOn({ ...createMemoryBus(), publish }, (error) => errors.push(error))
  relay.wake()
  await expect.poll(() => sent, { timeout: 20_000 }).toEqual(said)
  await relay.stop()
  expect(errors).toHaveLength(1)
  expect((await ledger.backlog(new Date())).outbox).toBe(0)
})
