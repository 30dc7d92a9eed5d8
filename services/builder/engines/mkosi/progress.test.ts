import { expect, it } from 'vitest'
import type { Progress } from '#bus/bus.ts'
import { createProgressReader } from './progress.ts'

const said: readonly (readonly [string, string])[] = [
  ['base', '‣ Syncing package manager metadata for default image'],
  ['base', 'Get:1 http://mirror.example.org/debian bookworm InRelease [151 kB]'],
  ['base', '‣  Installing Debian'],
  ['base', '‣  Generating system users'],
  ['base', '‣  Removing files…'],
  ['base', '‣ Creating tar archive /w/staging/base.tar…'],
  ['image', '‣ Syncing package manager metadata for default image'],
  ['image', '‣  Copying in base trees…'],
  ['image', '‣  Generating system users'],
  ['image', '‣  Removing files…'],
  ['image', '‣  Generating disk image'],
  ['image', '‣  Copying in base trees…'],
]

it('names the steps of both runs in order, and never goes back', () => {
  const seen: Progress[] = []
  const read = createProgressReader((progress) => seen.push(progress))
  for (const [command, line] of said) read(command, line)
  expect(seen.map((progress) => progress.phase)).toEqual([
    'fetching package lists',
    'installing packages',
    'configuring the base tree',
    'storing the base tree',
    'unpacking the base tree',
    'cleaning up',
    'writing the disk',
  ])
  expect(seen.map((progress) => progress.done)).toEqual([0, 1, 2, 3, 4, 7, 8])
})
