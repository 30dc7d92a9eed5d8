import type { HistoryDatabase } from './history-database.ts'

/** How much earlier each copy was than the one before, in milliseconds. */
const earlier = 600_000
/** As many copies in one statement. */
const atOnce = 200

/**
 * Gives a ledger the past of many drops: for each row that `real` drops have left, all that are over or wait, so many more with ids, keys,
 * times and texts of their own. What is measured afterwards depends on the past only through these rows. Nobody may write to it meanwhile.
 */
export async function addHistory(
  database: HistoryDatabase,
  { real, drops }: { real: number; drops: number },
): Promise<void> {
  await database.begin()
  for (const { name, isPast } of tables) {
    await database.ask(`create temporary table real_${name} as select * from ${name} where ${isPast}`)
  }
  const copies = Math.ceil(drops / real)
  for (const table of tables) {
    const [example] = await database.ask(`select * from real_${table.name} limit 1`)
    if (example === undefined) throw new Error(`there is nothing in ${table.name} to make a past of`)
    const columns = Object.keys(example).filter((column) => !counted.has(column))
    // Made over all rows at the end, an index takes a fraction of what its entries take one by one.
    const makeIndexes = await database.dropIndexes(table.name)
    for (let first = 1; first <= copies; first += atOnce) {
      await database.ask(copyOf(table, columns, { first, last: Math.min(first + atOnce - 1, copies) }))
    }
    await makeIndexes()
  }
  await database.end()
}

interface Table {
  readonly name: string
  readonly isPast: string
  /** Those that get ` #n` behind them: what must be unique, and what belongs to one drop. */
  readonly renamed: readonly string[]
  readonly times: readonly string[]
  /** Texts that tell the event and its drop. */
  readonly told: readonly string[]
}

/** The database gives these itself. */
const counted = new Set(['id', 'seq'])

const tables: readonly Table[] = [
  {
    name: 'jobs',
    isPast: `state not in ('queued', 'running')`,
    renamed: ['event_id', 'drop_id', 'key', 'wait_for'],
    times: ['due_at', 'accepted_at', 'started_at', 'finished_at', 'wait_since'],
    told: ['envelope'],
  },
  {
    name: 'outbox',
    isPast: 'sent_at is not null',
    renamed: ['event_id', 'drop_id'],
    times: ['said_at', 'sent_at'],
    told: ['envelope'],
  },
  { name: 'entities', isPast: 'true', renamed: ['key'], times: [], told: [] },
]

interface Copies {
  readonly first: number
  readonly last: number
}

function copyOf({ name, renamed, times, told }: Table, columns: readonly string[], { first, last }: Copies): string {
  const own = (column: string) => `${column} || ' #' || copy`
  const values = columns.map((column) => {
    if (renamed.includes(column)) return own(column)
    if (times.includes(column)) return `${column} - copy * ${String(earlier)}`
    if (!told.includes(column)) return column
    const drop = 'coalesce(drop_id, event_id)'
    return `replace(replace(${column}, event_id, ${own('event_id')}), ${drop}, ${own(drop)})`
  })
  // Copy by copy, as drops come one after the other: a cross join keeps the order in SQLite, and is as good as any in PostgreSQL.
  return `
    with recursive copies (copy) as (
      select ${String(first)} union all select copy + 1 from copies where copy < ${String(last)}
    )
    insert into ${name} (${columns.join(', ')}) select ${values.join(', ')} from copies cross join real_${name}`
}
