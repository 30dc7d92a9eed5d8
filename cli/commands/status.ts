import type { Job, Ledger } from '#ledger/ledger.ts'
import { readDrop } from '#drop/read.ts'
import { viewDrop } from '#drop/view.ts'
import type { Step } from '#service/step.ts'
import { findServices } from '../services.ts'
import { openLedgerToAsk, stateFolderOf } from '../stack.ts'
import { parseOptions, UsageError, type Command } from '../usage.ts'
import { listDrops } from '../view/drop-list.ts'
import { readPublished } from '../view/published.ts'
import { renderDrop } from '../view/render.ts'
import { reportFailed, reportPublished } from '../view/report.ts'
import { ageOf, renderTable } from '../view/table.ts'

export const statusCommand: Command = {
  name: 'status',
  usage: 'usage: imagedrop status [DROP] [--json] [--state DIR]',
  summary: 'list the drops, or show one: its images, steps, failures and waiting jobs',
  async run(args) {
    const options = { json: { type: 'boolean' }, state: { type: 'string' } } as const
    const { values, positionals } = parseOptions(statusCommand, args, options, { positionals: 1 })
    const stateFolder = stateFolderOf(values.state)
    const { steps } = await findServices(process.env)
    await using ledger = await openLedgerToAsk(stateFolder)
    const [drop] = positionals
    const json = values.json === true
    if (drop === undefined) await showList(ledger, steps, json)
    else await showDrop(ledger, drop, { steps, json, stateFolder })
    return 0
  },
}

async function showList(ledger: Ledger, steps: readonly Step[], json: boolean): Promise<void> {
  const drops = await listDrops(ledger, steps)
  if (json) {
    for (const drop of drops) process.stdout.write(`${JSON.stringify(drop)}\n`)
    return
  }
  const now = new Date()
  const rows = drops.map(({ drop, compose, kind, state, passed, images, since, waitsFor }) => {
    return [drop, compose, kind, state, `${String(passed)}/${String(images)}`, ageOf(since, now), waitsFor ?? '']
  })
  const heading = ['DROP', 'COMPOSE', 'KIND', 'STATE', 'IMAGES', 'SINCE', 'WAITS FOR']
  const lines = rows.length === 0 ? ['there are no drops yet'] : renderTable(heading, rows)
  process.stdout.write(`${lines.join('\n')}\n`)
}

interface ShowOptions {
  readonly steps: readonly Step[]
  readonly json: boolean
  readonly stateFolder: string
}

async function showDrop(ledger: Ledger, drop: string, { steps, json, stateFolder }: ShowOptions): Promise<void> {
  const jobs = await ledger.jobs({ drop })
  const view = viewDrop(await readDrop(ledger, drop), { steps, jobs })
  if (!view) throw new UsageError(`there is no drop ${JSON.stringify(drop)}; \`imagedrop status\` lists them`)
  const published = await readPublished(ledger, drop)
  const open = jobs.filter(({ state }) => state === 'queued' || state === 'running' || state === 'quarantined')
  if (json) {
    const { phase: state, ...rest } = view
    process.stdout.write(`${JSON.stringify({ ...rest, state, published, jobs: open.map(describeJob) })}\n`)
    return
  }
  const lines = renderDrop(view, Date.now(), process.stdout.columns || 120)
  if (published) lines.push(...reportPublished(published, stateFolder))
  else if (view.failures.length > 0) lines.push(...reportFailed(view, stateFolder))
  for (const job of open.map(describeJob)) {
    lines.push(`  ${job.service} ${job.state} on ${job.subject}${job.error === null ? '' : `: ${job.error}`}`)
  }
  process.stdout.write(`${lines.join('\n')}\n${view.phase}\n`)
}

function describeJob(job: Job) {
  const { service, state, image, attempts, error } = job
  return { job: job.id, service, state, image, subject: job.envelope.subject, attempts, error }
}
