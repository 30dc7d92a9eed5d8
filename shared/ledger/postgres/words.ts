/** A subject that a service may write into the outbox; null is an operator. */
export interface Word {
  readonly service: string | null
  readonly subject: string
}

/**
 * A statement that holds each row of the outbox to what its service says, and a request to what operators ask: people look
 * at the outbox, and what stands there is what they are shown. It applies to the roles that `grants` knows.
 */
export function wordsPolicy(words: readonly Word[]): string {
  const drop = 'drop policy if exists words on outbox;'
  if (words.length === 0) return drop
  const pairs = words.map(({ service, subject }) => `(${quoted(service ?? '')}, ${quoted(subject)})`)
  return `do $$ begin ${drop}
    create policy words on outbox as restrictive for insert
    with check ((coalesce(service, ''), subject) in (${pairs.join(', ')})); end $$`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
