import type { JobState, Ledger } from '#ledger/ledger.ts'
import { readDrop } from '#drop/read.ts'
import { viewDrop, type DropView } from '#drop/view.ts'
import type { Step } from '#service/step.ts'
import { defineCommand } from '../command.ts'
import { describeJob, jobLine } from '../describe-job.ts'
import { stateOption } from '../options.ts'
import { findServices } from '../services.ts'
import { openLedgerToAsk, stateFolderOf } from '../stack.ts'
import { UsageError } from '../usage.ts'
import { listDrops } from '../view/drop-list.ts'
import { readFindings, reportFindings } from '../view/findings.ts'
import { readPublished } from '../view/published.ts'
import { renderDrop } from '../view/render.ts'
import { reportEngines, reportFailed, reportPublished } from '../view/report.ts'
import { ageOf, renderTable } from '../view/table.ts'

export const statusCommand = defineCommand({
  name: 'status',
  summary: 'list the drops, or show one: its images, steps, failures and waiting jobs',
  argument: { name: 'DROP', optional: true, means: 'one drop, by its name; without it all are listed' },
  options: { json: { means: 'print JSON: a line for each drop, or one document about one drop' }, state: stateOption },
  examples: ['status', 'status weekly-Debian-12-20261121.n.0'],
  exits: { 0: 'shown', 1: 'the ledger could not be read' },
  async run({ values: { state, json }, args: [drop], env }) {
    const stateFolder = stateFolderOf(state, env)
    const { steps } = await findServices(env)
    await using ledger = await openLedgerToAsk(stateFolder, env)
    if (drop === undefined) await showList(ledger, steps, json)
    else await showDrop(ledger, drop, { steps, json, stateFolder })
    return 0
  },
})

async function showList(ledger: Ledger, steps: readonly Step[], json: boolean): Promise<void> {
  const drops = await listDrops(ledger, steps)
  if (json) {
    for (const drop of drops) process.stdout.write(`${JSON.stringify(drop)}\n`)
    return
  }
  const now = new Date()
  const unfit = await ledger.unfit(now)
  const rows = drops.map(({ drop, compose, kind, state, passed, images, since, waitsFor }) => {
    return [drop, compose, kind, state, `${String(passed)}/${String(images)}`, ageOf(since, now), waitsFor ?? '']
  })
  const heading = ['DROP', 'COMPOSE', 'KIND', 'STATE', 'IMAGES', 'SINCE', 'WAITS FOR']
  const lines = rows.length === 0 ? ['there are no drops yet'] : renderTable(heading, rows)
  for (const { service, count, reason } of unfit) {
    lines.push(`${service}: ${String(count)} ${count === 1 ? 'job waits' : 'jobs wait'}, as ${reason}`)
  }
  process.stdout.write(`${lines.join('\n')}\n`)
}

interface ShowOptions {
  readonly steps: readonly Step[]
  readonly json: boolean
  readonly stateFolder: string
}

const openStates: ReadonlySet<JobState> = new Set(['queued', 'running', 'waiting', 'quarantined'])

async function showDrop(ledger: Ledger, drop: string, { steps, json, stateFolder }: ShowOptions): Promise<void> {
  const jobs = await ledger.jobs({ drop })
  const view = viewDrop(await readDrop(ledger, drop), { steps, jobs })
  if (!view) throw new UsageError(`there is no drop ${JSON.stringify(drop)}; \`imagedrop status\` lists them`)
  const published = await readPublished(ledger, drop)
  const findings = await readFindings(ledger, drop)
  const workers = await ledger.workers(new Date())
  const open = jobs.filter(({ state }) => openStates.has(state))
  if (json) {
    const { phase: state, ...rest } = view
    process.stdout.write(
      `${JSON.stringify({ ...rest, state, published, findings, jobs: open.map((job) => describeJob(job, workers)) })}\n`,
    )
    return
  }
  const lines = renderDrop(view, Date.now(), process.stdout.columns || 120)
  if (published) lines.push(...reportPublished(published, stateFolder))
  else if (view.failures.length > 0) lines.push(...reportFailed(view, stateFolder))
  lines.push(...reportFindings(findings), ...reportEngines(view), ...open.map((job) => `  ${jobLine(job, workers)}`))
  process.stdout.write(`${lines.join('\n')}\n${view.phase}${endOf(view)}\n`)
}

function endOf({ ended, unchangedSince }: DropView): string {
  if (unchangedSince !== null) return ` since ${unchangedSince}`
  if (ended === null) return ''
  return ` by ${ended.by}${ended.reason === null ? '' : `: ${ended.reason}`}`
}
