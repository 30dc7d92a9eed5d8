import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import * as fc from 'fast-check'
import { HtmlValidate } from 'html-validate'
import { SaxesParser } from 'saxes'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { providePythonEnvironment } from '#test/brokers/python-venv.ts'
import { readConsole } from './console-text.ts'
import { formatJUnit } from './junit.ts'
import { formatPage } from './page.ts'
import type { Reported } from './subject.ts'
import { sampleReport } from './testing/sample-report.ts'
import { timeline } from './timeline.ts'

let folder: string
let report: Reported
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boot-report-'))
  report = await sampleReport(folder)
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

describe('for test tools', () => {
  it('is JUnit XML that a parser of others reads as it was meant', async () => {
    const bin = await providePythonEnvironment('junit', ['junitparser==5.0.3'])
    const file = join(folder, 'junit.xml')
    await writeFile(file, formatJUnit(report))
    const program = `
import json, sys
from junitparser import JUnitXml
suites = JUnitXml.fromfile(sys.argv[1])
def kind(case): return [type(one).__name__ for one in case.result] or ['Passed']
print(json.dumps({
  'totals': [suites.tests, suites.failures, suites.errors],
  'suites': [[one.name, one.tests, one.failures, one.errors, one.skipped] for one in suites],
  'cases': [[case.name, kind(case)[0]] for one in suites for case in one],
  'failure': [r.text for one in suites for case in one for r in case.result if type(r).__name__ == 'Failure'],
}))`
    const { stdout } = await promisify(execFile)(join(bin, 'python'), ['-c', program, file])
    expect(JSON.parse(stdout)).toEqual({
      totals: [7, 1, 1],
      suites: [
        ['disk', 1, 0, 0, 0],
        ['bios', 4, 1, 0, 2],
        ['bios, try 2', 1, 0, 0, 0],
        ['uefi', 1, 0, 1, 0],
      ],
      cases: [
        ['fstab', 'Passed'],
        ['login-prompt', 'Passed'],
        ['ssh', 'Failure'],
        ['failed-units', 'Skipped'],
        ['kernel-errors', 'Skipped'],
        ['ssh', 'Passed'],
        ['boot', 'Error'],
      ],
      failure: [expect.stringContaining('expected: the default user logs in by ssh\nfound: Permission denied </pre>')],
    })
  }, 300_000)

  it('is well-formed whatever a guest says', () => {
    const anyText = fc.array(fc.nat(0xffff)).map((units) => String.fromCharCode(...units))
    fc.assert(
      fc.property(anyText, (detail) => {
        const [first] = report.checks
        if (!first) throw new Error('the sample has checks')
        const checks = [{ ...first, outcome: 'failed' as const, detail, lines: [detail] }]
        const parser = new SaxesParser()
        parser.on('error', (error) => {
          throw error
        })
        parser.write(formatJUnit({ ...report, checks, name: detail })).close()
      }),
    )
  })
})

describe('for people', () => {
  let page: string
  beforeAll(async () => {
    page = await formatPage(report)
  })

  it('is valid, accessible HTML', async () => {
    const validator = new HtmlValidate({
      extends: ['html-validate:standard', 'html-validate:a11y'],
      rules: { 'no-trailing-whitespace': 'off', 'valid-id': ['error', { relaxed: true }] },
    })
    const { results } = await validator.validateString(page)
    expect(results.flatMap(({ messages }) => messages.map((one) => `${String(one.line)}: ${one.message}`))).toEqual([])
  })

  it('has no script, lets none run, and needs no other file', () => {
    expect(page).not.toMatch(/<script|javascript:| on\w+="/i)
    expect(page).toContain('content="default-src &#39;none&#39;; style-src &#39;sha256-')
    expect([...page.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, to]) => to?.slice(0, 22))).toEqual([
      ...Array<string>(4).fill('data:image/png;base64,'),
      'https://bugs.example.o',
      ...Array<string>(4).fill('data:image/png;base64,'),
    ])
  })

  it('says of a failure what would have passed, what was found, and what the console showed', () => {
    const text = page.replaceAll(/\s+/g, ' ')
    expect(text).toContain('<h2>ssh failed (bios)</h2> <p>Expected: the default user logs in by ssh.</p>')
    expect(text).toContain('<p>Found: Permission denied &lt;/pre&gt;&lt;script&gt;')
    expect(text).toContain('>Starting ssh &lt;/pre&gt;')
    expect(text).toContain(
      'does not count: <a href="https://bugs.example.org/1?a=1&amp;b=2">the driver is old</a>, until',
    )
    expect(text).toContain('QEMU was killed')
    expect(text).toContain('the boot bios is flaky')
  })

  it('shows a console without its colours, and what the guest asked', () => {
    expect(page).toContain('GRUB loading.\n[    0.0] Linux version 6.1.0\nOK &lt;/pre&gt;')
    expect(page).toContain('/latest/api/token')
    // eslint-disable-next-line no-control-regex -- none must be left
    expect(page).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u202e]/)
  })
})

it('a long console is shown from its beginning and to its end', async () => {
  const path = join(folder, 'long.log')
  await writeFile(path, `first\n${'x'.repeat(79).concat('\n').repeat(10_000)}last\n`)
  const text = await readConsole(path)
  expect(text).toMatch(/^first\n/)
  expect(text).toMatch(/\nlast\n$/)
  expect(text).toContain('[537867 bytes are left out here]')
  expect(text.length).toBeLessThan(300 * 1024)
})

it('the bars of a timeline are as long as the phases, one after the other', () => {
  const phases = [
    { name: 'firmware', seconds: 0 },
    { name: 'kernel', seconds: 10 },
  ]
  const { markup } = timeline({ phases, seconds: 40 }, 'bios')
  const bars = [...markup.matchAll(/<rect[^>]*?x="([\d.]+)"[^>]*?width="([\d.]+)"/g)].map(([, x, width]) => [x, width])
  expect(bars).toEqual([
    ['120.0', '132.5'],
    ['252.5', '397.5'],
  ])
  expect(markup).toContain('aria-label="bios: firmware 10.0 s, kernel 30.0 s"')
  expect(timeline({ phases: [], seconds: 0 }, 'bios').markup).toBe('')
})
