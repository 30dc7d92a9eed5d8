import { afterEach, beforeEach, expect, it } from 'vitest'
import { setUp, type Bench } from './testing/bench.ts'
import { handle, handleToTheEnd, image, published, told } from './testing/events.ts'

let bench: Bench
beforeEach(async () => {
  bench = await setUp()
})
afterEach(async () => {
  await bench[Symbol.asyncDispose]()
})

it('validates, applies, and says when a version is in review and when it is live, holding nothing in between', async () => {
  const first = await handle(bench, published())
  expect(first).toMatchObject({ events: [], wait: { for: null, reason: 'the Marketplace to take the versions' } })
  const said = await handleToTheEnd(bench, published(), first.wait)
  expect(told(said)).toEqual(['in review', 'live'])
})

it('lists nothing but what passed in a Final and is to go there', async () => {
  const plain = image('x86_64', { outcome: 'failed' })
  for (const event of [
    published({ milestone: 'Beta' }),
    published({ milestone: null }),
    published({ images: [plain] }),
  ])
    expect(await handle(bench, event)).toEqual({ events: [] })
  expect(bench.calls).toEqual([])
})
