import { describe, expect, it } from 'vitest'
import type { FailureClass } from '#events/vocabulary.ts'
import type { WaitFor } from '#service/define.ts'
import { EngineFailed, tryEngines, turnOf, type Turn } from './contingency.ts'
import type { Engine } from './engines/engine.ts'
import { createNullEngine } from './engines/null/engine.ts'

/** An engine of a name whose errors are of the class that their message says. */
function engineOf(id: string, version: string | null = '1'): Engine {
  return {
    ...createNullEngine(),
    id,
    version: () => Promise.resolve(version),
    classify: (error) => (error as Error).message.split(':')[0] as FailureClass,
  }
}

const engines = new Map(['koji', 'livemedia', 'appliance'].map((id) => [id, engineOf(id)]))
const plan = [...engines.keys()]

interface Told {
  readonly built: string[]
  readonly abandoned: string[]
}

/** Tries the plan; `ends` says what each engine does: an error, a wait, or nothing for success. */
function attempt(
  ends: Readonly<Record<string, string | undefined>>,
  more: { waited?: unknown; engines?: typeof engines } = {},
) {
  const told: Told = { built: [], abandoned: [] }
  const outcome = tryEngines({
    engines,
    plan,
    waited: undefined,
    ...more,
    build({ engine, waited }: Turn) {
      told.built.push(engine.id)
      const end = ends[engine.id]
      if (end === 'wait') {
        const wait: WaitFor = { for: 'koji:1', until: new Date(0), reason: 'a Koji task', state: { task: 1 } }
        return Promise.resolve({ wait })
      }
      return end === undefined ? Promise.resolve({ disk: engine.id, waited }) : Promise.reject(new Error(end))
    },
    abandon({ engine }) {
      told.abandoned.push(engine.id)
      return Promise.resolve()
    },
  })
  return { told, outcome }
}

describe('the engines of a plan', () => {
  it('are asked in order, and the first that can is taken', async () => {
    const { told, outcome } = attempt({})
    expect(await outcome).toMatchObject({ result: { disk: 'koji' }, earlier: [] })
    expect(told).toEqual({ built: ['koji'], abandoned: [] })
  })

  it.each(['environment', 'capacity'])(
    'the next is taken when one fails for %s, and what it began is ended',
    async (why) => {
      const { told, outcome } = attempt({ koji: `${why}: the hub is offline`, livemedia: `${why}: no loop devices` })
      expect(await outcome).toMatchObject({
        result: { disk: 'appliance' },
        earlier: [
          { name: 'koji', class: why, reason: `${why}: the hub is offline` },
          { name: 'livemedia', class: why, reason: `${why}: no loop devices` },
        ],
      })
      expect(told).toEqual({ built: plan, abandoned: ['koji', 'livemedia'] })
    },
  )

  it.each(['recipe', 'bug', 'transient', 'stuck', 'refused'])(
    'no other is tried after a failure of class %s',
    async (why) => {
      const { told, outcome } = attempt({ koji: `${why}: no` })
      await expect(outcome).rejects.toMatchObject({ code: 'ENGINE_FAILED', engine: 'koji', failureClass: why })
      expect(told.built).toEqual(['koji'])
    },
  )

  it('fail with the reason of the last', async () => {
    const all = Object.fromEntries(plan.map((name) => [name, `environment: ${name} cannot`]))
    await expect(attempt(all).outcome).rejects.toThrow(
      new EngineFailed('appliance', 'environment', 'environment: appliance cannot'),
    )
  })

  it('that are not installed, or that this builder does not have, are passed over with a reason', async () => {
    const some = new Map([
      ['livemedia', engineOf('livemedia', null)],
      ['appliance', engineOf('appliance')],
    ])
    expect(await attempt({}, { engines: some }).outcome).toMatchObject({
      result: { disk: 'appliance' },
      earlier: [
        { name: 'koji', reason: 'this builder has no such engine; it has livemedia, appliance' },
        { name: 'livemedia', reason: 'livemedia is not installed or set up on this machine' },
      ],
    })
  })

  it('go on after a wait with the one that waited, what it kept, and who could not before', async () => {
    const first = await attempt({ koji: 'environment: offline', livemedia: 'wait' }).outcome
    if (!('wait' in first)) throw new Error('it does not wait')
    const kept: unknown = JSON.parse(JSON.stringify(first.wait.state))
    expect(first.wait).toMatchObject({ for: 'koji:1', reason: 'a Koji task' })

    const { told, outcome } = attempt({}, { waited: kept })
    expect(await outcome).toMatchObject({
      result: { disk: 'livemedia', waited: { task: 1 } },
      earlier: [{ name: 'koji' }],
    })
    expect(told.built).toEqual(['livemedia'])
    expect(turnOf(kept, engines)).toMatchObject([{ engine: { id: 'livemedia' }, waited: { task: 1 } }])
  })
})
