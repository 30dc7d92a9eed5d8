import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { Kysely, sql } from 'kysely'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { requested, wanted } from '../testing/ledger.ts'
import { LedgerBroken } from '../ledger.ts'
import { createSqliteDialect } from './dialect.ts'
import { openSqliteLedger } from './open.ts'
import { troublesOf } from './troubles.ts'

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imagedrop-ledger-'))
  file = join(folder, 'ledger.sqlite')
})
afterEach(() => rm(folder, { recursive: true }))

it('a full disk is what a transaction fails of, and the next one works when there is room', async () => {
  const database = new DatabaseSync(file)
  const db = new Kysely<{ texts: { text: string } }>({ dialect: createSqliteDialect(database) })
  await sql`create table texts (text text)`.execute(db)
  const insert = () =>
    db.transaction().execute(async (transaction) => {
      for (let row = 0; row < 20; row += 1) {
        await transaction
          .insertInto('texts')
          .values({ text: 'x'.repeat(4_000) })
          .execute()
      }
    })
  // The same error by the same path as on a disk that has no more pages.
  database.exec('pragma max_page_count = 10')
  const error = await insert().catch((reason: unknown) => reason)
  expect(error).toMatchObject({ message: 'database or disk is full', errcode: 13 })
  const troubles = troublesOf(file)
  expect(troubles.classify(error)).toBe('passing')
  expect(troubles.explain(error)).toMatch(
    /^the ledger \S+ cannot be written, its disk is full: [\d.]+ MiB of [\d.]+ MiB are free, 16\.0 MiB are wanted; make room in \S+$/,
  )
  database.exec('pragma max_page_count = 10000')
  await insert()
  expect(await db.selectFrom('texts').selectAll().execute()).toHaveLength(20)
  database.close()
})

it('waits for another process that writes, without standing still meanwhile', async () => {
  const told: (string | null)[] = []
  await using ledger = await openSqliteLedger(folder, { onAway: (reason) => told.push(reason) })
  const other = new DatabaseSync(file)
  other.exec('begin immediate')
  const accepted = ledger.accept('builder', [wanted()], new Date())
  let longest = 0
  for (let turn = 0; turn < 25; turn += 1) {
    const start = performance.now()
    await sleep(100)
    longest = Math.max(longest, performance.now() - start)
  }
  other.exec('rollback')
  other.close()
  expect(await accepted).toBe(1)
  expect(longest).toBeLessThan(2_000)
  expect(told).toEqual([expect.stringContaining('is held by another process (database is locked)'), null])
})

it('a file that is no database is named when it is opened, with what to do', async () => {
  await writeFile(file, 'not at all a database'.repeat(500))
  const opened = openSqliteLedger(folder)
  await expect(opened).rejects.toThrow(LedgerBroken)
  await expect(opened).rejects.toThrow(
    `the ledger ${file} is broken (file is not a database): stop all processes that use it, then restore ${folder} from a backup`,
  )
})

it('a file that is damaged while it is open gives the ledger up', async () => {
  await using ledger = await openSqliteLedger(folder)
  for (let count = 0; count < 50; count += 1) await ledger.say(requested(), new Date())
  const other = new DatabaseSync(file)
  other.exec('pragma wal_checkpoint(truncate)')
  other.close()
  const bytes = await readFile(file)
  await writeFile(file, bytes.fill(7, 100))
  await expect(ledger.events({})).rejects.toThrow(
    /^the ledger \S+ is broken \(database disk image is malformed\): stop /,
  )
  expect(ledger.givenUp.reason).toBeInstanceOf(LedgerBroken)
})
