import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { run } from './run.ts'
import { systemPython } from './system-python.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imagedrop-python-'))
  await writeFile(join(folder, 'python3'), '#!/bin/sh\necho another\n')
  await chmod(join(folder, 'python3'), 0o755)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

it("is the distribution's own, whatever stands before it on PATH", async () => {
  vi.stubEnv('PATH', `${folder}:${process.env['PATH'] ?? ''}`)
  const { stdout } = await run(systemPython(), ['-I', '-c', 'import sys, zlib; print(sys.executable)'])
  expect(stdout.trim()).toBe('/usr/bin/python3')
})

it("is that of a PATH without the distribution's programs", async () => {
  vi.stubEnv('PATH', folder)
  const { stdout } = await run(systemPython(), ['-c', ''])
  expect(stdout.trim()).toBe('another')
})
