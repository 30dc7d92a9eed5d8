import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { exampleArtifact, exampleImage } from '#events/examples.ts'
import { testContext } from '#test/support/context.ts'
import { plainHardware } from '../machines/hardware.ts'
import { withSources } from './with-sources.ts'

it("a report has the checks of every boot by its source's name, their words and requests, and the time of all", async () => {
  const folder = await mkdtemp(join(tmpdir(), 'with-sources-'))
  const file = async (name: string, content: string) => {
    await writeFile(join(folder, name), content)
    return join(folder, name)
  }
  const check = { name: 'hostname', outcome: 'failed', seconds: 60, detail: 'it is "localhost"' } as const
  const boot = { screenshot: null, accelerator: 'tcg', seconds: 60 } as const
  let minutes = 0
  const tested = withSources(async () => ({
    long: { ...boot, checks: [{ ...check, outcome: 'passed' }], console: await file('long', 'the long boot\n') },
    sources: [
      {
        ...boot,
        name: 'openstack',
        checks: [check],
        hardware: plainHardware('x86_64'),
        console: await file('short', 'the short boot\n'),
        requests: await file('requests', '{"method":"GET"}\n'),
      },
    ],
  }))
  const image = { image: exampleImage, disk: exampleArtifact('raw'), path: join(folder, 'disk') }
  const report = await tested(image, testContext({ now: () => new Date(60_000 * minutes++) }))
  expect(report.checks.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
    'hostname passed',
    'openstack: hostname failed',
  ])
  expect(report.seconds).toBe(60)
  const log = await readFile(report.console, 'utf8')
  expect(log).toBe(
    'the long boot\n\n--- boot for the data source openstack ---\nthe short boot\n\n--- what it asked ---\n{"method":"GET"}\n',
  )
  await rm(folder, { recursive: true })
})
