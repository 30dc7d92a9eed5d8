import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { consoleLog } from './console-log.ts'

let folder: string
let path: string
let heard: string[]
const onBytes = (bytes: Buffer) => {
  heard.push(bytes.toString())
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'console-log-test-'))
  path = join(folder, 'console.log')
  heard = []
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

it('takes what comes byte by byte together, and says at once that there is something', async () => {
  let signs = 0
  const log = consoleLog(path, { gatherTime: 20, onSign: () => (signs += 1), onBytes })
  for (const byte of 'login: ') log.write(byte)
  expect(signs).toBe(7)
  expect(heard).toEqual([])
  await expect.poll(() => heard).toEqual(['login: '])
  log.end('root')
  await finished(log)
  expect(heard).toEqual(['login: ', 'root'])
  expect(await readFile(path, 'utf8')).toBe('login: root')
})

it('shows each piece at once where nothing is to be gathered', async () => {
  const log = consoleLog(path, { onBytes })
  log.write('one')
  log.write('two')
  expect(heard).toEqual(['one', 'two'])
  log.end()
  await finished(log)
})

it('does not let a guest that floods its console fill the disk of its host', async () => {
  const log = consoleLog(path, { onBytes: () => {} })
  for (let written = 0; written < 20; written++) log.write(Buffer.alloc(1024 * 1024, 'x'))
  log.end()
  await finished(log)
  expect((await stat(path)).size).toBeLessThan(16.1 * 1024 * 1024)
})

it('fails when it cannot be written, and not the process that writes it', async () => {
  const log = consoleLog('/dev/full', { onBytes })
  log.write('something')
  await expect(finished(log)).rejects.toThrow('ENOSPC')
})
