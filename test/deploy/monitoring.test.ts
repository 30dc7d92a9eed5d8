import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { createMemoryBus } from '#bus/memory/memory-bus.ts'
import { openSqliteLedger } from '#ledger/sqlite/open.ts'
import { createMetrics } from '#service/metrics.ts'

const deploy = join(import.meta.dirname, '..', '..', 'deploy')

interface Alerts {
  readonly groups: readonly [{ readonly rules: readonly { readonly alert: string; readonly expr: string }[] }]
}
interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[]
}

const alerts = (parse(await readFile(join(deploy, 'prometheus', 'alerts.yaml'), 'utf8')) as Alerts).groups[0].rules
const dashboard = JSON.parse(await readFile(join(deploy, 'grafana', 'imagedrop.json'), 'utf8')) as Dashboard
const expressions = [
  ...alerts.map(({ alert, expr }) => [alert, expr] as const),
  ...dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr] as const)),
]

let exposed: string
const cleanup = new AsyncDisposableStack()
beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-metrics-'))
  cleanup.defer(() => rm(folder, { recursive: true }))
  const ledger = cleanup.use(await openSqliteLedger(join(folder, 'ledger')))
  exposed = await createMetrics(ledger, cleanup.use(createMemoryBus())).metrics()
})
afterAll(() => cleanup.disposeAsync())

describe('dashboard and alert rules', () => {
  it.each(expressions)('%s uses only figures that /metrics has: %s', (_where, expression) => {
    const used = expression.match(/\b(imagedrop|process|nodejs)_\w+/g) ?? []
    if (!expression.startsWith('up')) expect(used).not.toEqual([])
    for (const name of used) expect(exposed).toContain(`# TYPE ${name.replace(/_(bucket|count|sum)$/, '')} `)
  })

  it('they name only states, outcomes and kinds of waits that there are', async () => {
    const types = await Promise.all(
      ['ledger/ledger.ts', 'ledger/waiting.ts', 'service/attempt-watch.ts'].map((file) =>
        readFile(join(deploy, '..', 'shared', file), 'utf8'),
      ),
    )
    const known = (type: string) =>
      [...(new RegExp(`type ${type} =([^\\n]+)`).exec(types.join('\n'))?.[1] ?? '').matchAll(/'(\w+)'/g)].map(
        (one) => one[1],
      )
    const said = (label: string) =>
      expressions.flatMap(([, text]) =>
        [...text.matchAll(new RegExp(`${label}(?:=~|!~|!=|=)"([^"]+)"`, 'g'))].flatMap(([, values = '']) =>
          values.split('|'),
        ),
      )
    expect(said('state').length).toBeGreaterThan(0)
    expect(known('JobState')).toEqual(expect.arrayContaining(said('state')))
    expect(known('AttemptOutcome')).toEqual(expect.arrayContaining(said('outcome')))
    const kinds = expressions.flatMap(([, text]) => /_wait_seconds\{kind!="(\w+)"/.exec(text)?.[1] ?? [])
    expect(kinds.length).toBeGreaterThan(0)
    expect(known('WaitKind')).toEqual(expect.arrayContaining(kinds))
  })

  it('every alert is explained to whoever it wakes', async () => {
    const text = await readFile(join(deploy, '..', 'docs', 'operations.md'), 'utf8')
    expect(alerts.map(({ alert }) => alert).filter((alert) => !text.includes(`\`${alert}\``))).toEqual([])
  })
})
