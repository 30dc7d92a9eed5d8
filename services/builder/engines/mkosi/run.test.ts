import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { PlannedCommand } from '../engine.ts'
import { readMkosiConfig } from './config.ts'
import { createMkosiEngine } from './engine.ts'
import { workspaceOf } from './plan.ts'
import { runMkosi } from './run.ts'

const isRoot = process.getuid?.() === 0

it('root takes a sixth of the memory of a host that has enough of it for two builds and what is beside them', () => {
  const taken = (memory: string) => readMkosiConfig({ IMAGEDROP_HOST_MEMORY_MIB: memory }).memoryMib
  expect(['8000', '12288', '16000', '64000'].map(taken)).toEqual(isRoot ? [0, 2048, 2666, 3072] : [0, 0, 0, 0])
  expect(readMkosiConfig({ IMAGEDROP_MKOSI_MEMORY_MIB: '5000' }).memoryMib).toBe(5000)
})

it('a build needs the memory that it may fill', () => {
  const needs = (memory: string) => {
    const env = { IMAGEDROP_MKOSI_MEMORY_MIB: memory }
    return createMkosiEngine({ env, deadline: 1, idleDeadline: 1 }).needs({ architecture: 'x86_64' }).memoryMib ?? 0
  }
  expect(needs('3000') - needs('0')).toBe(3000)
})

describe.skipIf(!isRoot)('a build by mkosi', () => {
  let folder: string
  const where = async () => (await readFile(join(folder, 'where'), 'utf8')).trim().split('\n')

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mkosi-'))
    await mkdir(join(folder, 'bin'))
    vi.stubEnv('PATH', `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`)
  })

  afterEach(async () => {
    vi.unstubAllEnvs()
    await rm(folder, { recursive: true })
  })

  /** Plays mkosi, which fills its workspace with so many MiB. */
  async function build(fills: number, memoryMib: number, end = 'exit 0') {
    const folders = { work: join(folder, 'work'), cache: join(folder, 'cache') }
    const script = [
      '#!/bin/sh',
      `if mountpoint --quiet '${workspaceOf(folders)}'; then echo memory; else echo disk; fi >> '${folder}/where'`,
      `head --bytes=${String(fills)}M /dev/zero > '${workspaceOf(folders)}/large' || exit 1`,
      "echo '‣  image.raw size is 1M, consumes 1M.'",
      end,
    ]
    await writeFile(join(folder, 'bin', 'mkosi'), script.join('\n'))
    await chmod(join(folder, 'bin', 'mkosi'), 0o755)
    const command: PlannedCommand = { name: 'image', argv: ['mkosi', 'build'] }
    const plan = { files: [], commands: [command], disk: join(folders.work, 'output', 'image.raw'), packages: '' }
    const signs = { progress: () => {}, log: pino({ level: 'silent' }), logFile: join(folder, 'log') }
    const context = { folders, signal: new AbortController().signal, now: () => new Date(), ...signs }
    await runMkosi(plan, context, { deadline: 60_000, idleDeadline: 60_000, memoryMib })
  }

  it('is made in memory', async () => {
    await build(1, 2)
    expect(await where()).toEqual(['memory'])
  })

  it('is made on the disk by who wants no memory for it', async () => {
    await build(1, 0)
    expect(await where()).toEqual(['disk'])
  })

  it('is made again on the disk when the memory is full', async () => {
    await build(3, 2)
    expect(await where()).toEqual(['memory', 'disk'])
  })

  it('ends with what is wrong when it is something else', async () => {
    await expect(build(1, 2, 'exit 3')).rejects.toThrow('mkosi ended with status 3')
    expect(await where()).toEqual(['memory'])
  })
})
