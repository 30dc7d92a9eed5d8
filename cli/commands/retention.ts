import type { Ledger } from '#ledger/ledger.ts'
import { decideRetention, type Retained } from '../../services/scheduler/stream/decide-retention.ts'
import { readStreams } from '../../services/scheduler/stream/read-streams.ts'
import { readRules } from '../../services/scheduler/read-rules.ts'
import { defineCommand } from '../command.ts'
import { stateOption } from '../options.ts'
import { findServices } from '../services.ts'
import { openLedgerToAsk, stateFolderOf } from '../stack.ts'
import { renderTable } from '../view/table.ts'

export const retentionCommand = defineCommand({
  name: 'retention',
  summary: 'show which drops the retention policy would end now, which it keeps, and why; it ends nothing',
  options: { json: { means: 'print a JSON line for each drop' }, state: stateOption },
  examples: ['retention', 'retention --json'],
  exits: { 0: 'shown', 1: 'the ledger or the policy could not be read' },
  async run({ values: { state, json }, env }) {
    const { steps, roots } = await findServices(env)
    const { policy } = readRules(env, { steps, roots })
    await using ledger = await openLedgerToAsk(stateFolderOf(state, env), env)
    const now = new Date()
    const streams = await readStreams((key) => readState(ledger, key))
    const decided = streams.flatMap(({ drops }) => decideRetention(drops, { retention: policy.retention, now }))
    process.stdout.write(json ? decided.map(lineOf).join('') : `${tableOf(decided).join('\n')}\n`)
    return 0
  },
})

async function readState(ledger: Ledger, key: string): Promise<unknown> {
  return (await ledger.entity('scheduler', key)).state
}

function lineOf({ drop, goes, why }: Retained): string {
  return `${JSON.stringify({ drop: drop.drop, kind: drop.kind, goes: goes !== null, why })}\n`
}

function tableOf(decided: readonly Retained[]): string[] {
  if (decided.length === 0) return ['there are no drops']
  const goesFirst = decided.toSorted((one, other) => Number(other.goes !== null) - Number(one.goes !== null))
  const rows = goesFirst.map(({ drop, goes, why }) => [drop.drop, drop.kind, goes ? 'goes' : 'stays', why])
  return renderTable(['DROP', 'KIND', '', 'WHY'], rows)
}
