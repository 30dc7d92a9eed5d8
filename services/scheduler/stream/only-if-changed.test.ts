import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { say } from '#events/define.ts'
import type { DropScheduled } from '#events/drop-scheduled.ts'
import { dropPublished } from '#events/drop-published.ts'
import { dropSuperseded } from '#events/drop-superseded.ts'
import { seal } from '#events/envelope.ts'
import { exampleArtifact, exampleDropImage } from '#events/examples.ts'
import { imageKey, type DropImage } from '#events/vocabulary.ts'
import { testContext } from '#test/support/context.ts'
import { house } from '#test/support/house.ts'
import { nightly } from '../compose/testing/example-messages.ts'
import { understandCompose } from '../compose/understand.ts'
import { handleStanding } from '../handle-standing.ts'
import type { Policy } from '../policy/policy.ts'
import { readPolicy } from '../policy/read-policy.ts'
import { decideCompose } from './decide-compose.ts'
import { readStreamState, type StreamState } from './state.ts'

const shipped = readPolicy(fileURLToPath(new URL('../../../deploy/drops.yaml', import.meta.url)), house)
const policy: Policy = {
  ...shipped,
  distributions: shipped.distributions.map((one) => ({ ...one, weekly: false, nightly: true })),
  unchanged: { weekly: 'build', nightly: 'skip' },
}

/** Fedora 45, night after night. */
class Nights {
  state: StreamState = readStreamState(undefined)

  /** The plan of the drop that a compose gets. */
  async plan(day: string, { respin = 0, request = false, rules = policy } = {}): Promise<DropScheduled> {
    const now = new Date(`2026-07-${day}T09:00:00Z`)
    const read = () => Promise.reject(new Error('there is no more to read'))
    const message = { subject: 'pungi.compose.status.change' as const, body: nightly('45', `202607${day}`, respin) }
    const options = { policy: rules, allowed: rules.allowedLocations, read }
    const qualified = await understandCompose(message, now, options, new AbortController().signal)
    if ('ignored' in qualified) throw new Error(qualified.ignored)
    const wish = request ? { images: null } : null
    const { state, events } = decideCompose(this.state, qualified, { policy: rules, now, request: wish })
    this.#keep(state)
    const plan = events.flatMap((event) => (event.subject === 'drop.scheduled.v1' ? [event.body] : []))[0]
    if (!plan) throw new Error(`${day} has no drop`)
    return plan
  }

  publish(plan: DropScheduled, inputs: Record<string, string> | undefined, images = plan.images) {
    const made = images.map((image): DropImage => {
      const [disk, builtAt] = [exampleArtifact('raw'), '2026-07-11T12:00:00.000Z']
      const seen = { console: exampleArtifact('log'), screenshot: null, accelerator: 'kvm' as const }
      const evidence = { disk, builtAt, testedAt: builtAt, ...seen, ...(inputs && { inputs }) }
      return { ...exampleDropImage, image, evidence }
    })
    const { drop, kind, milestone, compose } = plan
    this.#hear(say(dropPublished, { ...dropPublished.example, drop, kind, milestone, compose, images: made }))
  }

  withdraw({ drop, kind, milestone, compose }: DropScheduled) {
    this.#hear(say(dropSuperseded, { drop, kind, milestone, compose, by: 'jane', images: [exampleDropImage] }))
  }

  #hear(said: Parameters<typeof seal>[0]) {
    const event = seal(said, { now: new Date() }) as Parameters<typeof handleStanding>[0]
    this.#keep(handleStanding(event, { ...testContext(), state: this.state }).state)
  }

  #keep(state: unknown) {
    this.state = readStreamState(JSON.parse(JSON.stringify(state)))
  }
}

const inputs = { packages: 'a' }
const since = async (nights: Nights, day: string, options = {}) =>
  (await nights.plan(day, options)).onlyIfChanged?.since?.drop ?? null

it('a drop is compared with the one of its kind that was published last, by what its images were made of', async () => {
  const nights = new Nights()
  const first = await nights.plan('10')
  expect(first.onlyIfChanged).toEqual({ since: null })
  expect(await since(nights, '11')).toBeNull()
  nights.publish(first, inputs)
  const third = await nights.plan('12')
  expect(third.onlyIfChanged).toEqual({
    since: {
      drop: first.drop,
      images: first.images.map((image) => ({ image: imageKey(image), inputs, packages: exampleArtifact('json') })),
    },
  })
  nights.publish(third, { packages: 'b' })
  expect(await since(nights, '13')).toBe(third.drop)
  expect(nights.state.drops.filter(({ madeOf }) => madeOf !== undefined)).toHaveLength(1)
})

it('with none that was withdrawn, that lacks an image, or of which it is not known what it was made of', async () => {
  const nights = new Nights()
  const first = await nights.plan('10')
  nights.publish(first, inputs)
  nights.withdraw(first)
  const second = await nights.plan('11')
  expect(second.onlyIfChanged).toEqual({ since: null })
  nights.publish(second, undefined)
  const third = await nights.plan('12')
  expect(third.onlyIfChanged).toEqual({ since: null })
  nights.publish(third, inputs, third.images.slice(1))
  expect(await since(nights, '13')).toBeNull()
})

it('never when a person asks for it, when it is a respin, or when the policy does not say so', async () => {
  const nights = new Nights()
  nights.publish(await nights.plan('10'), inputs)
  expect(
    (await nights.plan('11', { rules: { ...policy, unchanged: shipped.unchanged } })).onlyIfChanged,
  ).toBeUndefined()
  expect(await since(nights, '12')).not.toBeNull()
  expect((await nights.plan('12', { respin: 1 })).onlyIfChanged).toEqual({ since: null })
  expect((await nights.plan('13', { request: true })).onlyIfChanged).toBeUndefined()
  const weekly: Policy = { ...policy, unchanged: { weekly: 'skip', nightly: 'build' } }
  expect((await nights.plan('14', { request: true, rules: weekly })).onlyIfChanged).toEqual({ since: null })
})
