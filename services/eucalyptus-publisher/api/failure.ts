import type { Reply } from '#publishing/http.ts'
import { PermanentError, TransientError } from '#service/errors.ts'
import type { Connection } from './connection.ts'
import { parseXml, textWithin } from '#markup/xml.ts'

/** A request may be signed 20 seconds ahead of the cloud's clock, and no more (`StackConfiguration.CLOCK_SKEW_SEC`). */
const allowedAhead = 20
/** And a quarter of an hour behind (`QueryTimestampHandler`). */
const allowedBehind = 15 * 60

/** The code by which a cloud refuses: `NoSuchBucket`, `InvalidAMIName.Duplicate`; null when it gives none. */
export function codeOf({ status, text }: Reply): string | null {
  if (status < 300) return null
  const root = parseXml(text)
  return root === null ? null : textWithin(root, 'Code')
}

/** What an answer that is not the one hoped for means to the job. */
export function failureOf({ place, secondsAhead }: Connection, doing: string, reply: Reply, advice?: string): Error {
  const { status } = reply
  const said = `${place}: ${doing}: ${String(status)} ${sentenceOf(reply)}`
  if (status === 408 || status === 429 || status >= 500) return new TransientError(said)
  const ahead = secondsAhead(reply)
  if (ahead > allowedAhead) return wrongClock(said, `${String(ahead)} s ahead of`)
  if (-ahead > allowedBehind) return wrongClock(said, `${String(-ahead)} s behind`)
  return new PermanentError('refused', advice === undefined ? said : `${said} (${advice})`)
}

/** The words of the refusal differ by version and service; the date of the answer does not. */
function wrongClock(said: string, difference: string): PermanentError {
  return new PermanentError('environment', `${said} (the clock of this host is ${difference} that of the cloud)`)
}

function sentenceOf({ text }: Reply): string {
  const root = parseXml(text)
  const [code, message] = root === null ? [null, text] : [textWithin(root, 'Code'), textWithin(root, 'Message')]
  const plain = [code, message ?? root?.text].filter(Boolean).join(': ').replaceAll(/\p{C}/gu, ' ').trim()
  return plain.length > 300 ? `${plain.slice(0, 300)}…` : plain
}
