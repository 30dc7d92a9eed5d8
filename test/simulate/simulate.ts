import { parseArgs } from 'node:util'
import { simulate } from './run.ts'
import { summarize, type Summary } from './summary.ts'
import { fewestWorkers } from './workers.ts'

/**
 * `npm run simulate [-- OPTION…]`: nightly composes of `--releases` (3) with `--flavours` (8) images of each of six
 * architectures, on so many `--workers` (5,20,50,100,200,500), for some `--days` (2). `--failures` (0.02) of all attempts fail;
 * a worker is evicted so many times an hour: `--evictions` (0.05). With `--candidate`, one of a milestone comes after the composes of the first
 * night; with `--no-history`, the jobs of a drop are done in order of arrival. The same `--seed` (1) gives the same table; `--json` prints all
 * figures. docs/scale.md has a table, and says what the figures are worth.
 */
const { values } = parseArgs({
  options: {
    workers: { type: 'string', default: '5,20,50,100,200,500' },
    releases: { type: 'string', default: '3' },
    flavours: { type: 'string', default: '8' },
    days: { type: 'string', default: '2' },
    failures: { type: 'string', default: '0.02' },
    evictions: { type: 'string', default: '0.05' },
    candidate: { type: 'boolean', default: false },
    'no-history': { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
})
const workers = values.workers.split(',').map((one) => numberOf('workers', one, { from: fewestWorkers, to: 10_000 }))
const scenario = {
  releases: numberOf('releases', values.releases, { from: 1, to: 50 }),
  flavours: numberOf('flavours', values.flavours, { from: 1, to: 8 }),
  days: numberOf('days', values.days, { from: 1, to: 13 }),
  failures: numberOf('failures', values.failures, { from: 0, to: 1, whole: false }),
  evictions: numberOf('evictions', values.evictions, { from: 0, to: 10, whole: false }),
  candidate: values.candidate,
  history: !values['no-history'],
  seed: numberOf('seed', values.seed, { from: 0, to: Number.MAX_SAFE_INTEGER }),
}
if (!values.json) printHead()
const summaries: Summary[] = []
for (const one of workers) {
  const summary = summarize(await simulate({ ...scenario, workers: one }), one)
  summaries.push(summary)
  if (!values.json) printRow(summary)
}
if (values.json) console.log(JSON.stringify({ scenario, summaries }, null, 2))

function numberOf(
  option: string,
  text: string,
  { from, to, whole = true }: { from: number; to: number; whole?: boolean },
) {
  const value = Number(text)
  if (text.trim() !== '' && value >= from && value <= to && (!whole || Number.isInteger(value))) return value
  const range = `a ${whole ? 'whole ' : ''}number from ${String(from)} to ${String(to)}`
  console.error(`--${option}: expected ${range}, got "${text}"`)
  process.exit(2)
}

function printHead(): void {
  const head = [
    'workers',
    'announced',
    'failed',
    'to announced, min: p50',
    'p95',
    'candidate to ready, min',
    'use: builder',
    'converter',
    'boot-tester',
    'worker hours: used',
    'there',
    'waits longest, min',
    'retries',
    'evictions',
  ]
  printCells(head)
  printCells(head.map(() => '---'))
}

function printRow(row: Summary): void {
  printCells([
    row.workers,
    `${String(row.announced)} of ${String(row.drops)}`,
    row.failed,
    row.toAnnounced.p50,
    row.toAnnounced.p95,
    row.candidateToReady ?? 'none',
    ...['builder', 'converter', 'boot-tester'].map((service) => percent(row.use[service] ?? 0)),
    row.workerHours.used,
    row.workerHours.there,
    row.bottleneck ? `${row.bottleneck.service} ${String(row.bottleneck.waits)}` : 'none',
    row.retries,
    row.evictions,
  ])
}

function printCells(cells: readonly (string | number)[]): void {
  console.log(`| ${cells.join(' | ')} |`)
}

function percent(share: number): string {
  return `${String(Math.round(share * 1000) / 10)} %`
}
