import type { Ledger } from '#ledger/ledger.ts'
import { describeJob, jobLine } from '../describe-job.ts'
import { openLedgerToAsk, stateFolderOf } from '../stack.ts'
import { parseOptions, UsageError, type Command } from '../usage.ts'
import { applyEvent, createDropView, type DropView } from '../view/drop-view.ts'
import { renderDrop } from '../view/render.ts'
import { reportFailed, reportPublished } from '../view/report.ts'

export const statusCommand: Command = {
  name: 'status',
  usage: 'usage: imagedrop status [DROP] [--json] [--state DIR]',
  summary: 'list the drops, or show one: its images, steps, failures and waiting jobs',
  async run(args) {
    const options = { json: { type: 'boolean' }, state: { type: 'string' } } as const
    const { values, positionals } = parseOptions(statusCommand, args, options, { positionals: 1 })
    const stateFolder = stateFolderOf(values.state)
    await using ledger = await openLedgerToAsk(stateFolder)
    const [drop] = positionals
    if (drop === undefined) await listDrops(ledger, values.json === true)
    else await showDrop(ledger, drop, { json: values.json === true, stateFolder })
    return 0
  },
}

/** Folds a drop's events into its view. */
export async function readDrop(ledger: Ledger, drop: string): Promise<DropView> {
  const view = createDropView(drop)
  for (const { envelope } of await ledger.events({ drop })) applyEvent(view, envelope)
  return view
}

async function listDrops(ledger: Ledger, json: boolean): Promise<void> {
  const scheduled = await ledger.events({ subject: 'drop.scheduled.v1', limit: 10_000 })
  const drops = [...new Set(scheduled.map((row) => row.envelope.drop ?? ''))]
  const views = await Promise.all(drops.map((drop) => readDrop(ledger, drop)))
  for (const view of views) {
    const line = { drop: view.drop, state: view.state, kind: view.plan?.kind, failures: view.failures.length }
    process.stdout.write(json ? `${JSON.stringify(line)}\n` : `${view.drop}  ${view.state}\n`)
  }
  if (views.length === 0 && !json) process.stdout.write('there are no drops yet\n')
}

async function showDrop(ledger: Ledger, drop: string, options: { json: boolean; stateFolder: string }): Promise<void> {
  const view = await readDrop(ledger, drop)
  if (!view.plan) throw new UsageError(`there is no drop ${JSON.stringify(drop)}; \`imagedrop status\` lists them`)
  const open = await ledger.jobs({ drop, states: ['queued', 'running', 'waiting', 'quarantined'] })
  if (options.json) {
    const { plan, state, failures, published, told, by } = view
    const document = { drop, state, plan, steps: [...view.steps.values()], failures, published, told, by }
    process.stdout.write(`${JSON.stringify({ ...document, jobs: open.map(describeJob) })}\n`)
    return
  }
  const lines = renderDrop(view, Date.now(), process.stdout.columns || 120)
  if (view.published) lines.push(...reportPublished(view, options.stateFolder))
  else if (view.failures.length > 0) lines.push(...reportFailed(view, options.stateFolder))
  lines.push(...open.map((job) => `  ${jobLine(job)}`))
  process.stdout.write(`${lines.join('\n')}\n${view.state}\n`)
}
