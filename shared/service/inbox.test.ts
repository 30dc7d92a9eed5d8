import { expect, it } from 'vitest'
import { say } from '#events/define.ts'
import { dropMirrored } from '#events/drop-mirrored.ts'
import { seal } from '#events/envelope.ts'
import { imageRequested } from '#events/image-requested.ts'
import { imageTested } from '#events/image-tested.ts'
import { house } from '#test/support/house.ts'
import { builder } from '../../services/builder/service.ts'
import { cloudstackPublisher } from '../../services/cloudstack-publisher/service.ts'
import { ec2Publisher } from '../../services/ec2-publisher/service.ts'
import { eucalyptusPublisher } from '../../services/eucalyptus-publisher/service.ts'
import { openstackPublisher } from '../../services/openstack-publisher/service.ts'
import { bindService } from './bind.ts'
import type { ServiceDefinition } from './define.ts'
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

it('wants no job of an event that is of no concern, and is still woken by it', () => {
  const wakes = [{ event: imageRequested, keyOf: () => 'key' }]
  const of = (concerns: boolean) => inboxOf({ name, consumes, emits, wakes, concerns: () => concerns }, services)
  expect(of(true).deliveryOf(requested)).toMatchObject({ wanted: true, wakes: 'key' })
  expect(of(false).deliveryOf(requested)).toMatchObject({ wanted: false, wakes: 'key' })
})

it.each([
  ['ec2', ec2Publisher],
  ['eucalyptus', eucalyptusPublisher],
  ['openstack', openstackPublisher],
])('gives the publisher to %s no job on an image that goes elsewhere, or has not passed', (target, publisher) => {
  const { deliveryOf } = inboxOf(bindService(publisher as ServiceDefinition, null), services)
  const wants = (targets: string[], verdict: 'passed' | 'failed') => {
    const { example } = imageTested
    const tested = say(imageTested, { ...example, image: { ...example.image, targets }, verdict })
    return deliveryOf(seal(tested, { now: new Date() })).wanted
  }
  expect(wants(['elsewhere', target], 'passed')).toBe(true)
  expect(wants(['elsewhere'], 'passed')).toBe(false)
  expect(wants([target], 'failed')).toBe(false)
})

it('gives the publisher to CloudStack no job on a drop of which nothing goes there', () => {
  const { deliveryOf } = inboxOf(bindService(cloudstackPublisher as ServiceDefinition, null), services)
  const wants = (targets: string[]) => {
    const { example } = dropMirrored
    const images = example.images.map((one) => ({ ...one, image: { ...one.image, targets } }))
    return deliveryOf(seal(say(dropMirrored, { ...example, images }), { now: new Date() })).wanted
  }
  expect(wants(['elsewhere', 'cloudstack'])).toBe(true)
  expect(wants(['elsewhere'])).toBe(false)
})
