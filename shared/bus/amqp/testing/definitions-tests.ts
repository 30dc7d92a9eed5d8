import { describe, expect, it } from 'vitest'
import { composeStatusChanged } from '#events/compose.ts'
import { say } from '#events/define.ts'
import { seal } from '#events/envelope.ts'
import { imageBuilt } from '#events/image-built.ts'
import { definitionsAreCurrent } from '../../../../deploy/rabbitmq/generate.ts'
import { eventually, listen, requested } from '../../bus.contract.ts'
import type { Bus } from '../../bus.ts'
import { BrokerRefused } from '../refusal.ts'
import { toMessage } from '../wire.ts'
import type { GuardedBroker } from './guarded-broker.ts'
import { openRaw } from './raw.ts'

/** What the definitions for administrators allow. Called where a broker has them already: it takes long to start. */
export function testDefinitions(broker: () => GuardedBroker): void {
  describe('the definitions in deploy/rabbitmq, over TLS with client certificates', { timeout: 60_000 }, () => {
    it('are what the code would write', async () => {
      expect(await definitionsAreCurrent()).toBe(true)
    })

    it('let a service hear its queue and publish its events, known by its certificate alone', async () => {
      await using bus = await broker().secure('imagedrop-builder')
      const heard = await listen(bus, 'builder')
      const event = requested()
      const built = seal(say(imageBuilt, imageBuilt.example), { now: new Date() })
      await bus.publish([built])
      await using raw = await openRaw(`${broker().url}/imagedrop`)
      const { content, properties } = toMessage(event, { topicPrefix: '', account: 'guest' })
      raw.channel.publish('amq.topic', event.subject, content, properties)
      await eventually(() => {
        expect(heard).toEqual([event])
      })
      expect(bus.account).toBe('imagedrop-builder')
    })

    it.each([
      ['hear the queue of another service', (bus: Bus) => listen(bus, 'converter')],
      [
        'speak for others',
        (bus: Bus) => bus.publish([seal(say(composeStatusChanged, composeStatusChanged.example), { now: new Date() })]),
      ],
    ])('do not let a service %s', async (_what, attempt) => {
      await using bus = await broker().secure('imagedrop-builder')
      await expect(attempt(bus)).rejects.toThrow(/403 \(ACCESS[-_]REFUSED\)/)
      expect(bus.givenUp.reason).toBeInstanceOf(BrokerRefused)
    })

    it('put what is no event with the dead letters of the service', async () => {
      await using bus = await broker().secure('imagedrop-builder')
      await listen(bus, 'builder')
      await using raw = await openRaw(`${broker().url}/imagedrop`)
      raw.channel.publish('amq.topic', 'image.requested.v1', Buffer.from('no { JSON'))
      await eventually(async () => {
        const letter = await raw.channel.get('imagedrop.builder.dead', { noAck: true })
        expect(letter && letter.content.toString()).toBe('no { JSON')
      })
      expect(bus.state().refused).toBe(1)
    })

    it('know nobody else', async () => {
      await expect(broker().secure('stranger')).rejects.toThrow(BrokerRefused)
    })

    it('are not believed when the broker cannot prove who it is', async () => {
      const { ca: _, ...tls } = broker().tlsOf('imagedrop-builder')
      await using bus = await broker().open({ url: broker().secureUrl, tls })
      expect(bus.state()).toMatchObject({ connected: false, detail: expect.stringMatching(/certificate/) as string })
    })
  })
}
