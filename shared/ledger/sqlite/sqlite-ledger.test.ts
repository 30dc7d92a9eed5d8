import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testLedger } from '../ledger.contract.ts'
import { openSqliteLedger } from './open.ts'

testLedger('SQLite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-ledger-'))
  return {
    open: () => openSqliteLedger(folder),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  }
})
