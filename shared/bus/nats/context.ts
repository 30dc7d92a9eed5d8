import { JetStreamApiError, type JetStreamClient, type JetStreamManager } from '@nats-io/jetstream'
import type { NatsLink } from './link.ts'
import type { NatsSettings } from './options.ts'
import type { Subjects } from './subjects.ts'

/** What the parts of one bus share. */
export interface NatsContext {
  readonly link: NatsLink
  readonly js: JetStreamClient
  readonly jsm: JetStreamManager
  readonly settings: NatsSettings
  readonly subjects: Subjects
  readonly counts: Counts
}

/** What a bus has done since it was opened. */
export interface Counts {
  published: number
  delivered: number
  redelivered: number
  refused: number
}

/** The server's number of what went wrong; 0 for what it did not say. */
export function codeOf(error: unknown): number {
  return error instanceof JetStreamApiError ? error.code : 0
}

/** Turns one answer of the server, that there is no such thing, into null. */
export function nullWhen(code: number): (error: unknown) => null {
  return (error) => {
    if (codeOf(error) === code) return null
    throw error
  }
}
