import { expect, it } from 'vitest'
import { TransientError } from '#service/errors.ts'
import { ToolFailed, ToolMissing } from '#subprocess/errors.ts'
import { NothingBuilt } from '../engine.ts'
import { classifyMkosi, explainMkosi } from './classify.ts'

const exit = { why: 'exit' as const, code: 1 }

it.each([
  ['E: Unable to locate package amazon-ec2-utils', 'recipe'],
  [
    'E: Failed to fetch http://mirror.example.org/x.xz  File has unexpected size (1 != 2). Mirror sync in progress?',
    'transient',
  ],
  ["Temporary failure resolving 'mirror.example.org'", 'transient'],
  ['tar: ./usr/lib/x: Cannot write: No space left on device', 'capacity'],
  ['E: Failed to fetch x  Error writing to file - write (28: No space left on device)', 'capacity'],
  ['‣ "/work/postoutput" mkosi.postoutput returned non-zero exit code 1.', 'recipe'],
  ['‣ Unknown setting Colour', 'recipe'],
  ['unshare: Operation not permitted', 'environment'],
  ['Error: GPG check FAILED', 'refused'],
  [
    'PGP check for package "sudo-1-1.fc43.x86_64" (/x.rpm) from repo "compose-1" has failed: Public key is not installed.',
    'refused',
  ],
  ['Traceback (most recent call last):', 'bug'],
])('%s: %s', (tail, expected) => {
  expect(classifyMkosi(new ToolFailed('mkosi', exit, tail, null))).toBe(expected)
})

it('tells apart how the tool ended, when it did not end by itself', () => {
  const ended = (end: ToolFailed['end']) => classifyMkosi(new ToolFailed('mkosi', end, '', null))
  expect(ended({ why: 'signal', signal: 'SIGKILL' })).toBe('transient')
  expect(ended({ why: 'idle', milliseconds: 1 })).toBe('stuck')
  expect(ended({ why: 'deadline', milliseconds: 1 })).toBe('stuck')
})

it('knows the errors that are not the tool', () => {
  expect(classifyMkosi(new ToolMissing('mkosi'))).toBe('environment')
  expect(classifyMkosi(new TransientError('the mirror sleeps'))).toBe('transient')
  expect(classifyMkosi(new NothingBuilt('no disk'))).toBe('bug')
  expect(classifyMkosi(Object.assign(new Error('full'), { code: 'ENOSPC' }))).toBe('capacity')
})

it("tells the package manager's own error, not the command that mkosi repeats after it", () => {
  const tail = [
    'tar: ./var/log/journal: Warning: Cannot acl_from_text: No such file or directory',
    'E: Unable to locate package amazon-ec2-utils',
    '‣ "apt-get -o APT::Architecture=amd64 install amazon-ec2-utils" returned non-zero exit code 100.',
  ].join('\n')
  expect(explainMkosi(new ToolFailed('mkosi', exit, tail, null))).toBe(
    'mkosi: E: Unable to locate package amazon-ec2-utils',
  )
  expect(explainMkosi(new Error('something else'))).toBe('something else')
})
