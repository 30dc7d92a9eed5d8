import { expect, it } from 'vitest'
import type { Progress } from '#bus/bus.ts'
import { PermanentError } from '#service/errors.ts'
import { ToolFailed, ToolMissing } from '#subprocess/errors.ts'
import { NothingBuilt } from '../engine.ts'
import { classifyOsbuild, explainOsbuild } from './classify.ts'
import { packageList } from './packages.ts'
import { createProgressReader } from './progress.ts'
import { assertVersion } from './version.ts'

const ended = (code: number, tail: string) => new ToolFailed('unshare', { why: 'exit', code }, tail, null)

it.each([
  ['OSError: [Errno 28] No space left on device', 'capacity'],
  ['error: error depsolving: running osbuild-depsolve-dnf failed: DNF error: RepoError: Curl error (6)', 'transient'],
  ['error: DNF error: MarkingErrors: missing packages: nonesuch', 'recipe'],
  ['error: the following custom files are not allowed: ["/usr/lib/x"]', 'recipe'],
  ['error: cannot decode "/work/blueprint.json": json: unknown field "colour"', 'recipe'],
  ['error: error starting osbuild: exec: "osbuild": executable file not found in $PATH', 'environment'],
  ['unshare: unshare failed: Operation not permitted', 'environment'],
  ['confined: 1: image-builder: not found', 'environment'],
  ['error: error running osbuild: exit status 1\nerror: sudo-1-1.x86_64.rpm is not signed', 'refused'],
  ['panic: runtime error', 'bug'],
])('%s: %s', (tail, expected) => {
  expect(classifyOsbuild(ended(1, `${tail}\n`))).toBe(expected)
})

it('tells apart a tool that ended by itself, one that was ended, and none', () => {
  expect(classifyOsbuild(ended(137, ''))).toBe('transient')
  expect(classifyOsbuild(new ToolMissing('unshare'))).toBe('environment')
  expect(classifyOsbuild(new NothingBuilt('no disk'))).toBe('bug')
  expect(classifyOsbuild(new PermanentError('environment', 'too old'))).toBe('environment')
})

it('tells what gave the class, without the word that it is an error', () => {
  const tail = 'error: DNF error: MarkingErrors: missing packages: nonesuch\nStop progressbar\n'
  expect(explainOsbuild(ended(1, tail))).toBe('image-builder: DNF error: MarkingErrors: missing packages: nonesuch')
  expect(explainOsbuild(ended(1, 'error: something new\n'))).toBe('image-builder: something new')
})

it('refuses a version of before the arguments that are used, and takes one that does not say', () => {
  expect(() => {
    assertVersion('70')
  }).toThrow(/image-builder 70 is too old: 71 or newer/)
  for (const version of ['71', '79', '79.0.0', 'unknown', null]) assertVersion(version)
})

it('counts the outermost steps alone, and never backwards', () => {
  const reported: Progress[] = []
  const read = createProgressReader((progress) => reported.push(progress))
  const lines = [
    'pulse: Manifest generation step',
    '[0 / 2] Pipeline build',
    '  [8 / 9] Stage org.osbuild.rpm',
    '[1 / 2] Pipeline os',
  ]
  for (const line of [...lines, '[0 / 2] Pipeline build', '[7 / 2] nonsense', 'msg: [2 / 2] no']) read(line)
  expect(reported).toEqual([
    { phase: 'resolving packages' },
    { phase: 'build', done: 0, total: 2, unit: 'steps' },
    { phase: 'os', done: 1, total: 2, unit: 'steps' },
  ])
})

it('lists packages as every engine does, the epoch only where there is one', () => {
  const one = { version: '1.1', release: '2.fc43', arch: 'x86_64', buildtime: 1, size: 3 }
  const list = packageList(
    JSON.stringify([
      { ...one, name: 'zlib', epoch: 0 },
      { ...one, name: 'bash', epoch: 2 },
    ]),
  )
  expect(JSON.parse(list)).toEqual({
    packages: [
      { name: 'bash', version: '2:1.1-2.fc43', architecture: 'x86_64' },
      { name: 'zlib', version: '1.1-2.fc43', architecture: 'x86_64' },
    ],
  })
})
