import { PermanentError, TransientError } from '#service/errors.ts'
import type { Reply } from '#publishing/http.ts'

/** Codes that CloudStack answers with (org.apache.cloudstack.api.ApiErrorCode). */
const busy = new Set([429, 530, 533, 534, 536, 537])
const advice: Readonly<Record<number, string>> = {
  401: 'check key and secret in cloudstack.ini, this host’s clock, and whether the command is allowed to the account',
  432: 'the cloud does not know this command',
  535: 'the account has as many templates, or as much secondary storage, as it may',
}

/** What an answer other than the one hoped for means to the job. */
export function failureOf(doing: string, reply: Pick<Reply, 'status' | 'text'>): Error {
  const { code, text } = errorIn(reply)
  const said = `${doing}: ${String(code)} ${text}`
  // 530 is also how the cloud says that a thing cannot be done at all; retries are few, so it costs little to ask again.
  if (busy.has(code) || (code >= 500 && code < 530) || code === 408) return new TransientError(said)
  const hint = advice[code]
  return new PermanentError('refused', hint === undefined ? said : `${said} (${hint})`)
}

function errorIn({ status, text }: Pick<Reply, 'status' | 'text'>): { code: number; text: string } {
  const code = Number(/"errorcode"\s*:\s*(\d+)/.exec(text)?.[1] ?? status)
  const json = /"errortext"\s*:\s*("(?:[^"\\]|\\.)*")/.exec(text)?.[1]
  const said = json === undefined ? text : String(JSON.parse(json))
  const plain = said
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\p{C}/gu, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
  return { code, text: plain.length > 300 ? `${plain.slice(0, 300)}…` : plain }
}
