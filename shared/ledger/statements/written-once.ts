import type { Compilable, CompiledQuery, Kysely } from 'kysely'
import type { DatabaseKind } from '../database-kind.ts'
import type { Tables } from '../schema.ts'

/** Stands in a statement for a value that each run gives. */
class Slot {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
  /** What is computed from a value would be the same in each run. */
  [Symbol.toPrimitive](): never {
    throw new TypeError(`${this.name} is handed to the statement, and nothing is computed from it`)
  }
}

/**
 * A statement that is put together once for each database, and run with other values each time: to put a long one together takes longer
 * than to run it. `write` hands its values to the statement, and does nothing else with them.
 */
export function writtenOnce<Values extends object, Row>(
  names: readonly (keyof Values & string)[],
  write: (db: Kysely<Tables>, kind: DatabaseKind, values: Values) => Compilable<Row>,
): (db: Kysely<Tables>, kind: DatabaseKind, values: Values) => Promise<Row[]> {
  const written = new WeakMap<Kysely<Tables>, CompiledQuery<Row>>()
  const slots = Object.fromEntries(names.map((name) => [name, new Slot(name)])) as unknown as Values
  return async (db, kind, values) => {
    let statement = written.get(db)
    if (!statement) {
      statement = write(db, kind, slots).compile()
      written.set(db, statement)
    }
    const parameters = statement.parameters.map((one) => (one instanceof Slot ? values[one.name as keyof Values] : one))
    return (await db.executeQuery<Row>({ ...statement, parameters })).rows
  }
}
