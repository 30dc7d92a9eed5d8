import { PermanentError, TransientError } from '#service/errors.ts'
import type { Reply } from '#publishing/http.ts'

/** Whether the same request may work later: the service, what is before it, or a quota of requests. */
export function isBusy({ status }: Reply): boolean {
  return status === 429 || status === 408 || status >= 500
}

/**
 * What an answer that is not the one hoped for means to the job. Glance says why in HTML, Keystone in JSON: people get
 * the sentence.
 */
export function failureOf(doing: string, reply: Reply, advice?: string): Error {
  const said = `${doing}: ${String(reply.status)} ${sentenceOf(reply)}`
  if (isBusy(reply)) return new TransientError(said)
  return new PermanentError('refused', advice === undefined ? said : `${said} (${advice})`)
}

function sentenceOf({ text }: Reply): string {
  const json = /^\s*\{/.test(text) ? /"message"\s*:\s*("(?:[^"\\]|\\.)*")/.exec(text)?.[1] : undefined
  const body = json === undefined ? (/<body>([^]*)<\/body>/i.exec(text)?.[1] ?? text) : String(JSON.parse(json))
  const plain = body
    .replaceAll(/<(h1|title)>[^]*?<\/\1>/gi, ' ')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\p{C}/gu, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
  return plain.length > 300 ? `${plain.slice(0, 300)}…` : plain
}
