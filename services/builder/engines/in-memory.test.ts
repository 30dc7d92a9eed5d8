import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { run } from '#subprocess/run.ts'
import { hasMemoryAt, withMemoryAt } from './in-memory.ts'

let folder: string
const { signal } = new AbortController()
const isRoot = process.getuid?.() === 0

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'in-memory-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

it('nobody has memory who asks for none', async () => {
  expect(await hasMemoryAt(folder, 0, signal)).toBe(false)
})

it('whoever cannot mount has none, and is not told of it', async () => {
  expect(await hasMemoryAt(join(folder, 'missing'), 1, signal)).toBe(false)
})

it('what was called off says so', async () => {
  await expect(hasMemoryAt(folder, 1, AbortSignal.abort(new Error('called off')))).rejects.toThrow('called off')
})

describe.skipIf(!isRoot)('as root', () => {
  const inMemory = async (mebibytes: number, script: string) => {
    const [tool, ...args] = withMemoryAt(folder, mebibytes, ['sh', '-c', script, 'sh', folder])
    return await run(tool, args)
  }

  it('a command finds an empty folder in memory, which is gone when it has ended', async () => {
    expect(await hasMemoryAt(folder, 1, signal)).toBe(true)
    await writeFile(join(folder, 'before'), '')
    const { stdout } = await inMemory(1, 'ls -A "$1"; echo made > "$1/within"; stat --file-system --format=%T "$1"')
    expect(stdout).toBe('tmpfs\n')
    expect(await readdir(folder)).toEqual(['before'])
  })

  it('nobody else sees it meanwhile', async () => {
    const { stdout } = await inMemory(1, 'nsenter --target $PPID --mount grep --count " $1 " /proc/self/mountinfo; :')
    expect(stdout).toBe('0\n')
  })

  it('its room is what was asked for', async () => {
    await expect(inMemory(1, 'head --bytes=2M /dev/zero > "$1/large"')).rejects.toThrow('No space left on device')
  })
})
