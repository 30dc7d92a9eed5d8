import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testLedgerCompetition } from '../competition.contract.ts'
import { testLedger } from '../ledger.contract.ts'
import type { Data } from '../testing/ledger.ts'
import { testLedgerOrder } from '../order.contract.ts'
import { testLedgerOutbox } from '../outbox.contract.ts'
import { testLedgerPlacement } from '../placement.contract.ts'
import { testLedgerPreemption } from '../preemption.contract.ts'
import { testLedgerWaitingEnds } from '../waiting-ends.contract.ts'
import { testLedgerWaiting } from '../waiting.contract.ts'
import { openSqliteLedger } from './open.ts'

testLedger('SQLite', prepare)
testLedgerOutbox('SQLite', prepare)
testLedgerWaiting('SQLite', prepare)
testLedgerWaitingEnds('SQLite', prepare)
testLedgerPlacement('SQLite', prepare)
testLedgerPreemption('SQLite', prepare)
testLedgerOrder('SQLite', prepare)
testLedgerCompetition('SQLite', prepare)

async function prepare(): Promise<Data> {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-ledger-'))
  return {
    open: () => openSqliteLedger(folder),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  }
}
