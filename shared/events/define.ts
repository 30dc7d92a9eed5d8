import type { z } from 'zod'
import { fillSentence } from './sentence.ts'

/** Those outside of the services who say events: a person, the compose scripts, Koji. */
export type Outsider = 'operator' | 'compose' | 'koji'

/** How urgently people want to hear of an event, in fedora-messaging's four steps. */
export type Severity = 'debug' | 'info' | 'warning' | 'error'

/** One kind of event: its subject, who says it, what it means, and the shape of its body. */
export interface EventDefinition<Subject extends string = string, Body = unknown> {
  /** Routing key on AMQP and subject on NATS, without the configurable prefix. */
  readonly subject: Subject
  /** Who says it besides the services, which declare what they say themselves. */
  readonly outside?: Outsider
  /** What is true once this event was said, in one clause. */
  readonly means: string
  readonly severity: Severity
  /** Strict: unknown fields are refused. Consumers strip them first, see parse.ts. */
  readonly schema: z.ZodType<Body>
  /** A valid body. Published with the schema and never edited afterwards. */
  readonly example: Body
  /** The summary before it is filled, see sentence.ts. */
  readonly sentence: string
  /** One line for people. */
  summary(body: Body): string
  /** True when the job that said this did not reach its goal, so that an operator may run it again. */
  isFailure?(body: Body): boolean
  /** Services drop all their other work on the drop when they hear this. */
  readonly endsWork?: true
}

/** An event as a service returns it: what happened, before it gets an envelope. */
export interface Said<Subject extends string = string, Body = unknown> {
  readonly subject: Subject
  readonly body: Body
}

/** The event type that a definition stands for. */
export type SaidOf<Definition> =
  Definition extends EventDefinition<infer Subject, infer Body> ? Said<Subject, Body> : never

/** The body type that a definition stands for. */
export type BodyOf<Definition> = Definition extends EventDefinition<string, infer Body> ? Body : never

type Options<Subject extends string, Body> = Omit<
  EventDefinition<Subject, Body>,
  'severity' | 'sentence' | 'summary'
> & {
  readonly severity?: Severity
  /** A sentence with fields of the body in it: `{drop} was blessed by {by}`. */
  readonly summary: string
}

/** Declares one event; severity is `info` unless told. */
export function defineEvent<const Subject extends string, Body>(
  options: Options<Subject, Body>,
): EventDefinition<Subject, Body> {
  const { summary: sentence } = options
  return { severity: 'info', ...options, sentence, summary: (body) => fillSentence(sentence, body) }
}

/** States that something happened. */
export function say<Subject extends string, Body>(
  definition: EventDefinition<Subject, Body>,
  body: Body,
): Said<Subject, Body> {
  return { subject: definition.subject, body }
}
