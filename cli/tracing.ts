import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Span } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, TracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace'
import type { Job } from '#ledger/ledger.ts'
import type { WatchAttempt } from '#service/attempt-watch.ts'
import { messageOf } from '#service/errors.ts'

/** Spans of attempts, sent to a collector until it is disposed of. */
export interface Tracing extends AsyncDisposable {
  readonly watch: WatchAttempt
}

/**
 * Traces every attempt as a span below the one that said its event, so that a drop is one trace over all services.
 * The exporter reads the standard `OTEL_EXPORTER_OTLP_*` variables. `sendTo` is where spans go.
 */
export function startTracing(
  sendTo: SpanProcessor = new BatchSpanProcessor({ exporter: new OTLPTraceExporter() }),
): Tracing {
  const resource = resourceFromAttributes({ 'service.name': 'imagedrop' })
  const provider = new TracerProvider({ resource, spanProcessors: [sendTo] })
  const tracer = provider.getTracer('imagedrop')
  return {
    watch(job) {
      const options = { kind: SpanKind.CONSUMER, attributes: attributesOf(job) }
      const span = tracer.startSpan(`${job.service} ${job.envelope.subject}`, options, parentOf(job))
      return {
        traceparent: traceparentOf(span),
        end(outcome, error) {
          span.setAttribute('imagedrop.outcome', outcome)
          if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error) })
          span.end()
        },
      }
    },
    [Symbol.asyncDispose]: () => provider.shutdown(),
  }
}

function attributesOf({ service, envelope, drop, image, attempts }: Job) {
  return {
    'imagedrop.service': service,
    'messaging.destination.name': envelope.subject,
    'messaging.message.id': envelope.id,
    'imagedrop.attempt': attempts,
    ...(drop === null ? {} : { 'imagedrop.drop': drop }),
    ...(image === null ? {} : { 'imagedrop.image': image }),
  }
}

/** https://www.w3.org/TR/trace-context/#traceparent-header */
const traceparent = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/

function parentOf({ envelope }: Job) {
  const [, traceId, spanId, flags] = traceparent.exec(envelope.trace ?? '') ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return ROOT_CONTEXT
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: parseInt(flags, 16), isRemote: true })
}

function traceparentOf(span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext()
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`
}
