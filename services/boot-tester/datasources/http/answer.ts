import type { IncomingHttpHeaders } from 'node:http'

/** What a guest asks. */
export interface Question {
  readonly method: string
  /** Without the query, and decoded. */
  readonly path: string
  readonly query: URLSearchParams
  /** Names in lower case. */
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly at: Date
}

/** What it is told. */
export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** A metadata service without its network. */
export type Answers = (question: Question) => Answer

/** Plain text, as most of these services speak. */
export function text(body: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status: 200, headers: { 'content-type': 'text/plain', ...headers }, body }
}

/** A JSON document. */
export function json(document: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status: 200, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(document) }
}

/** A refusal, in the words of HTTP unless the service has its own. */
export function refuse(status: number, body = '', headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers: { 'content-type': 'text/plain', ...headers }, body }
}
