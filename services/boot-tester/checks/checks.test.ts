import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { cloudInit } from './cloud-init/check.ts'
import { failedUnits } from './failed-units/check.ts'
import { checks, diskChecks, laterChecks } from './index.ts'
import { kernelErrors } from './kernel-errors/check.ts'
import { machineId } from './machine-id/check.ts'
import { rootGrown } from './root-grown/check.ts'
import { rootLogin } from './root-login/check.ts'
import { ssh } from './ssh/check.ts'

const subject = { imageBytes: 538_218_496, diskBytes: 2_685_702_144, reportedAs: /DataSourceNoCloud/ }
const result = (errors: string[], datasource = 'DataSourceNoCloud [seed=/dev/vdb][dsmode=net]') =>
  JSON.stringify({ v1: { datasource, errors } }, null, 1)

const all = [...diskChecks, ...checks, ...laterChecks]

it('every check folder is in the table, under its own name', () => {
  const folders = readdirSync(import.meta.dirname, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  expect(all.map(({ name }) => name).sort()).toEqual(folders.map(({ name }) => name).sort())
})

it('the README says of every check what it proves and which rule it comes from', () => {
  const readme = readFileSync(join(import.meta.dirname, 'README.md'), 'utf8').replaceAll(/ {2,}/g, ' ')
  const rows = all.map(({ name, severity, on, description, rule }) => {
    return `| \`${name}\`${severity === 'warning' ? ' (warns)' : ''} | ${on} | ${description} | ${rule} |`
  })
  expect(rows.filter((row) => !readme.includes(row))).toEqual([])
})

it.each([
  ['finished without error', 0, result([]), 'passed', /^status: done, DataSourceNoCloud/],
  ['had an error', 0, result(["('locale', ProcessExecutionError(…))"]), 'failed', /^\('locale'/],
  ['found another datasource', 0, result([], 'DataSourceNone'), 'failed', /DataSourceNone/],
  ['left no result', 1, 'cat: /run/cloud-init/result.json: No such file or directory', 'failed', /no result: cat/],
  ['left half a result', 0, '{"v1": {', 'failed', /cannot be read: \{"v1"/],
])('cloud-init that %s', (_, status, output, outcome, detail) => {
  const judged = cloudInit.judge({ status, output }, subject)
  expect(judged.outcome).toBe(outcome)
  expect(judged.detail).toMatch(detail)
})

it.each([
  ['running', 'passed', 'system is running, no failed units'],
  [
    'degraded\ncloud-config.service loaded failed failed Apply the settings\nfoo.service loaded failed failed Foo',
    'failed',
    'system is degraded, failed: cloud-config.service, foo.service',
  ],
  ['starting', 'failed', 'system is starting, no failed units'],
])('units of a system that says %j', (output, outcome, detail) => {
  expect(failedUnits.judge({ status: 0, output }, subject)).toEqual({ outcome, detail })
})

it('the root file system has grown when it is larger than the image', () => {
  expect(rootGrown.judge({ status: 0, output: '   1B-blocks\n  2616459264' }, subject)).toEqual({
    outcome: 'passed',
    detail: 'root has 2.44 GiB, the image 0.50 GiB, the disk 2.50 GiB',
  })
  expect(rootGrown.judge({ status: 0, output: '   1B-blocks\n   517459264' }, subject).outcome).toBe('failed')
  expect(rootGrown.judge({ status: 1, output: 'df: no file systems processed' }, subject)).toEqual({
    outcome: 'failed',
    detail: 'df said "df: no file systems processed"',
  })
})

it.each([
  ['44caaac42f3e42cfa5f629734e85a566', 'passed'],
  ['', 'failed'],
  ['uninitialized', 'failed'],
])('a machine id %j', (output, outcome) => {
  expect(machineId.judge({ status: 0, output }, subject).outcome).toBe(outcome)
})

it.each([
  ['[    1.0] EXT4-fs (vda2): mounted filesystem', 'passed'],
  ['[   60.0] watchdog: BUG: soft lockup - CPU#0 stuck for 22s!', 'passed'],
  ['[    2.0] BUG: unable to handle page fault for address: 0000000000000008', 'failed'],
  ['[    2.0] Oops: 0000 [#1] PREEMPT SMP PTI', 'failed'],
  ['[    9.0] blk_update_request: I/O error, dev vda, sector 2048', 'failed'],
])('a kernel that says %j', (line, outcome) => {
  expect(kernelErrors.judge({ status: 0, output: `[    0.0] Linux version\n${line}` }, subject).outcome).toBe(outcome)
})

it('a kernel log that cannot be read is a failure', () => {
  const judged = kernelErrors.judge({ status: 1, output: 'dmesg: read kernel buffer failed' }, subject)
  expect(judged).toEqual({ outcome: 'failed', detail: 'dmesg: dmesg: read kernel buffer failed' })
})

it('a refused login shows the last words of the server', () => {
  const said = 'debug1: x\ndebian@127.0.0.1: Permission denied (publickey).'
  expect(ssh.judge({ user: 'debian', shell: false, said })).toEqual({
    outcome: 'failed',
    detail: 'debian@127.0.0.1: Permission denied (publickey).',
  })
  expect(ssh.judge({ user: 'debian', shell: true, said: '' }).outcome).toBe('passed')
})

it.each([
  ['gets in', true, '', 'failed', 'root got a shell'],
  [
    'is refused and only keys are offered',
    false,
    'debug1: Authentications that can continue: publickey\nroot@127.0.0.1: Permission denied (publickey).',
    'passed',
    'root refused; the server offers publickey',
  ],
  [
    'is refused but could guess a password',
    false,
    'debug1: Authentications that can continue: publickey,password',
    'failed',
    'root refused; the server offers publickey,password',
  ],
  ['meets no server', false, 'Connection refused', 'failed', 'the server offered no way to log in: Connection refused'],
])('root that %s', (_, shell, said, outcome, detail) => {
  expect(rootLogin.judge({ user: 'root', shell, said })).toEqual({ outcome, detail })
})
