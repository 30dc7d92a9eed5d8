import { describe, expect, it } from 'vitest'
import { simulate, type Scenario } from './run.ts'
import { summarize, type Summary } from './summary.ts'
import { fewestWorkers, shareWorkers } from './workers.ts'

const small: Scenario = {
  releases: 1,
  flavours: 1,
  days: 1,
  candidate: false,
  history: true,
  workers: 5,
  failures: 0.02,
  evictions: 0.05,
  seed: 1,
}

async function summaryOf(changes: Partial<Scenario> = {}): Promise<Summary> {
  const scenario = { ...small, ...changes }
  return summarize(await simulate(scenario), scenario.workers)
}

describe('a simulation', () => {
  it('comes to the same with the same seed, and to something else with another', async () => {
    const first = await summaryOf()
    expect(await summaryOf()).toEqual(first)
    expect(await summaryOf({ seed: 2 })).not.toEqual(first)
  })

  it('is never slower with more workers', async () => {
    for (const seed of [1, 2, 3]) {
      const times: number[] = []
      for (const workers of [5, 8, 20]) times.push((await summaryOf({ seed, workers })).toAnnounced.p95)
      expect(times).toEqual(times.toSorted((one, other) => other - one))
      expect(times.at(-1)).toBeLessThan(times[0] ?? 0)
    }
  })

  it('a candidate of a milestone does not wait for the nightly composes that came before it', async () => {
    const full = { releases: 3, flavours: 3, failures: 0, evictions: 0, candidate: true } as const
    const { candidateToReady, toReady } = await summaryOf(full)
    // In order of arrival it would be the last.
    expect(candidateToReady).toBeLessThan(toReady.p95 / 2)
  })

  it('ends every drop announced or failed, whatever befalls its workers', async () => {
    const worst = await summaryOf({ releases: 2, failures: 0.4, evictions: 3, seed: 5 })
    expect(worst).toMatchObject({ drops: 2, announced: 2 - worst.failed })
    expect(worst.failures).toBeGreaterThan(0)
    expect(worst.evictions).toBeGreaterThan(0)
    const hopeless = await summaryOf({ failures: 1, evictions: 0 })
    expect(hopeless).toMatchObject({ drops: 1, announced: 0, failed: 1 })
  })

  it('takes no longer than its work when nothing fails and nobody waits', async () => {
    const { services, drops } = await simulate({ ...small, workers: 60, failures: 0, evictions: 0 })
    const [drop] = drops.values()
    expect(drop?.announced).not.toBeNull()
    for (const service of ['builder', 'converter', 'boot-tester']) {
      expect(services.get(service)).toMatchObject({ attempts: 6, waits: [0, 0, 0, 0, 0, 0], failures: 0 })
    }
  })
})

it('no service has fewer workers when there are more, and all are shared out', () => {
  let before = shareWorkers(fewestWorkers, 48)
  for (let workers = fewestWorkers; workers <= 60; workers += 1) {
    const shares = shareWorkers(workers, 48)
    expect([...shares.values()].reduce((sum, one) => sum + one, 0)).toBe(workers)
    for (const [service, count] of before) expect(shares.get(service)).toBeGreaterThanOrEqual(count)
    before = shares
  }
})
