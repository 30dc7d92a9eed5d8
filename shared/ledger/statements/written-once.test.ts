import { DatabaseSync } from 'node:sqlite'
import { Kysely, sql } from 'kysely'
import { expect, it } from 'vitest'
import type { Tables } from '../schema.ts'
import { createSqliteDialect } from '../sqlite/dialect.ts'
import { sqlite } from '../sqlite/kind.ts'
import { writtenOnce } from './written-once.ts'

const open = () => new Kysely<Tables>({ dialect: createSqliteDialect(new DatabaseSync(':memory:')) })

it('is put together once for each database, and runs with the values of each call', async () => {
  let written = 0
  const both = writtenOnce(['one', 'other'], (db, _kind, { one, other }: { one: number; other: string }) => {
    written += 1
    return db.selectNoFrom([sql<number>`${one}`.as('one'), sql<string>`${other}`.as('other')])
  })
  const [first, second] = [open(), open()]
  expect(await both(first, sqlite, { one: 1, other: 'a' })).toEqual([{ one: 1, other: 'a' }])
  expect(await both(first, sqlite, { one: 2, other: 'b' })).toEqual([{ one: 2, other: 'b' }])
  expect(written).toBe(1)
  expect(await both(second, sqlite, { one: 3, other: 'c' })).toEqual([{ one: 3, other: 'c' }])
  expect(written).toBe(2)
})

it('refuses a statement that computes from a value, which would be that of no call', async () => {
  const later = writtenOnce(['one'], (db, _kind, { one }: { one: number }) =>
    db.selectNoFrom(sql<number>`${one + 1}`.as('two')),
  )
  await expect(later(open(), sqlite, { one: 1 })).rejects.toThrow('one is handed to the statement')
})
