import { pino } from 'pino'
import { expect, it } from 'vitest'
import { pause, settingsOf, type AmqpOptions } from './options.ts'

it.each<[string, Partial<AmqpOptions>, RegExp]>([
  ['another protocol', { url: 'http://broker' }, /url: .*got http:/],
  ['a certificate without its key', { url: 'amqps://broker', tls: { cert: 'c.pem' } }, /cert and key/],
  ['an authority without TLS', { tls: { ca: 'ca.pem' } }, /amqps: one, got amqp:/],
  ['UUID queues without a seed', { queueNames: 'uuid' }, /queueSeed: .*got nothing/],
])('refuses %s, naming the option', (_what, options, message) => {
  expect(() => settingsOf({ url: 'amqp://broker', log: pino({ level: 'silent' }), ...options })).toThrow(message)
})

it('pauses longer after each failure, up to the longest, never less than half of it', () => {
  const backoff = { firstDelay: 100, maxDelay: 1_000 }
  expect([1, 2, 3, 4, 5, 60].map((attempt) => pause(backoff, attempt, () => 1))).toEqual([
    100, 200, 400, 800, 1_000, 1_000,
  ])
  expect(pause(backoff, 3, () => 0)).toBe(200)
})
