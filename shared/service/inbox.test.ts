import { expect, it } from 'vitest'
import { say } from '#events/define.ts'
import { seal } from '#events/envelope.ts'
import { imageRequested } from '#events/image-requested.ts'
import { house } from '#test/support/house.ts'
import { builder } from '../../services/builder/service.ts'
import { inboxOf } from './inbox.ts'

const services = await house.definitions()
const { example } = imageRequested
const image = { ...example.image, preemptible: true }
const requested = seal(say(imageRequested, { ...example, drop: 'nightly-Fedora-19-20130521.n.0', image }), {
  now: new Date(),
})
const { name, consumes, emits } = builder
const basisOf = () => image.architecture

it('tells of a job with needs what comes after it, what it shares with others, and whether it may be preempted', () => {
  const { deliveryOf } = inboxOf({ name, consumes, emits, basisOf, needs: () => ({ cores: 1 }) }, services)
  const delivery = deliveryOf(requested)
  expect(delivery).toMatchObject({ priority: 2, share: 'Fedora-19', basis: 'x86_64', preemptible: true })
  expect(delivery.paths).toContainEqual(['builder', 'converter'])
})

it('tells nothing of that of jobs that need nothing worth counting: they are short', () => {
  const delivery = inboxOf({ name, consumes, emits, basisOf }, services).deliveryOf(requested)
  expect(delivery).toMatchObject({ priority: 2 })
  for (const word of ['share', 'basis', 'preemptible', 'paths']) expect(delivery).not.toHaveProperty(word)
})
