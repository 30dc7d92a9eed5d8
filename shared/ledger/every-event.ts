import type { Ledger, OutboxRow } from './ledger.ts'

interface EventSelector {
  readonly drop?: string
  readonly subject?: string
}

/** Everything that was said about one drop, or of one subject, in order, of which only some is in memory at a time. */
export async function* everyEvent(
  ledger: Pick<Ledger, 'events'>,
  selector: EventSelector = {},
  atOnce = 1_000,
): AsyncGenerator<OutboxRow> {
  for (let after = 0; ;) {
    const rows = await ledger.events({ ...selector, after, limit: atOnce })
    yield* rows
    const last = rows.at(-1)
    if (last === undefined || rows.length < atOnce) return
    after = last.seq
  }
}

/** The same of several subjects, in the order in which it was said. */
export async function* everyEventOf(
  ledger: Pick<Ledger, 'events'>,
  subjects: readonly string[],
  atOnce = 1_000,
): AsyncGenerator<OutboxRow> {
  const streams = subjects.map((subject) => everyEvent(ledger, { subject }, atOnce))
  let heads = (await Promise.all(streams.map(nextOf))).flat()
  for (;;) {
    const [first] = heads.toSorted((one, other) => one.row.seq - other.row.seq)
    if (first === undefined) return
    yield first.row
    heads = [...heads.filter((one) => one !== first), ...(await nextOf(first.stream))]
  }
}

interface Head {
  readonly stream: AsyncGenerator<OutboxRow>
  readonly row: OutboxRow
}

/** None at the end. */
async function nextOf(stream: AsyncGenerator<OutboxRow>): Promise<Head[]> {
  const { done = false, value } = await stream.next()
  return done ? [] : [{ stream, row: value as OutboxRow }]
}
