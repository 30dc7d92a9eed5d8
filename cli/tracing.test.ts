import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace'
import { expect, it } from 'vitest'
import { say } from '#events/define.ts'
import { seal } from '#events/envelope.ts'
import { imageRequested } from '#events/image-requested.ts'
import type { Job } from '#ledger/ledger.ts'
import { startTracing } from './tracing.ts'

function jobOn(trace: string | null): Job {
  const envelope = { ...seal(say(imageRequested, imageRequested.example), { now: new Date() }), trace }
  const times = { acceptedAt: new Date(), startedAt: new Date(), finishedAt: null }
  const about = { drop: envelope.drop, image: 'generic.x86_64', error: null }
  const waits = { cancelRequested: false, waiting: null, waited: null }
  return {
    id: 1,
    service: 'builder',
    envelope,
    state: 'running',
    attempts: 2,
    owner: 'a',
    host: null,
    needs: {},
    expected: null,
    ...about,
    ...times,
    ...waits,
  }
}

it('an attempt is a span below the one that said its event, and what it says goes on from there', async () => {
  const exporter = new InMemorySpanExporter()
  await using tracing = startTracing(new SimpleSpanProcessor({ exporter }))
  const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const watch = tracing.watch(jobOn(parent))
  watch.end('failed', new Error('the disk is full'))

  const [span] = exporter.getFinishedSpans()
  expect(span?.name).toBe('builder image.requested.v1')
  expect(span?.spanContext().traceId).toBe('0af7651916cd43dd8448eb211c80319c')
  expect(span?.parentSpanContext?.spanId).toBe('b7ad6b7169203331')
  expect(watch.traceparent).toBe(`00-0af7651916cd43dd8448eb211c80319c-${span?.spanContext().spanId ?? ''}-01`)
  expect(span?.status.message).toBe('the disk is full')
  expect(span?.attributes).toMatchObject({ 'imagedrop.outcome': 'failed', 'imagedrop.attempt': 2 })
})

it('what arrives without a trace, or with a broken one, begins one', async () => {
  await using tracing = startTracing(new SimpleSpanProcessor({ exporter: new InMemorySpanExporter() }))
  const [one, other] = [tracing.watch(jobOn(null)), tracing.watch(jobOn('00-nonsense'))]
  expect(one.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
  expect(other.traceparent).not.toBe(one.traceparent)
})
