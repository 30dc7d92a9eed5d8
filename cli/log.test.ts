import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { afterAll, expect, it } from 'vitest'
import { canMount, createSmallDisk } from '#test/faults/small-disk.ts'

const scratch = await mkdtemp(join(tmpdir(), 'imagedrop-log-'))
afterAll(() => rm(scratch, { recursive: true }))

const imports = `
  import { openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
  import { setTimeout as sleep } from 'node:timers/promises'
  import { pino } from ${JSON.stringify(join(import.meta.dirname, '../node_modules/pino/pino.js'))}
  import { createLogStream } from ${JSON.stringify(join(import.meta.dirname, 'log.ts'))}
`

/** Runs a program that logs, in a process of its own: what is tested is how that ends. */
async function runProgram(
  program: string,
  wrap = (command: string, args: string[]): [string, string[]] => [command, args],
) {
  const [command, args] = wrap(process.execPath, ['--input-type=module', '--eval', imports + program])
  const child = spawn(command, args, { cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'pipe'], timeout: 20_000 })
  const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { stdout, stderr, status: status as number | null }
}

it('a disk that stays full neither ends the process nor keeps it from ending', async () => {
  const ended = await runProgram(`
    const log = pino({}, createLogStream(openSync('/dev/full', 'a')))
    for (let line = 0; line < 100; line += 1) log.info({ line }, 'working')
    await sleep(500)
    log.info('stopped')
    console.log('at work to the end')`)
  expect(ended).toEqual({ status: 0, stdout: 'at work to the end\n', stderr: '' })
})

it('lines that were logged just before the process exits are written', async () => {
  const file = join(scratch, 'last.log')
  await runProgram(`
    const log = pino({}, createLogStream(openSync(${JSON.stringify(file)}, 'a')))
    setTimeout(() => { log.info('one'); log.info('two'); process.exit(0) }, 50)`)
  expect(await readFile(file, 'utf8')).toMatch(/"one".*\n.*"two".*\n$/)
})

it.skipIf(!(await canMount()))(
  'what a full disk did not take is written, in its order, when there is room again',
  async () => {
    const folder = join(scratch, 'disk')
    await mkdir(folder)
    await using disk = await createSmallDisk(folder, '64k')
    const { stdout, stderr } = await runProgram(
      `
    const path = ${JSON.stringify(join(folder, 'log'))}
    const log = pino({}, createLogStream(openSync(path, 'a')))
    log.info({ line: 0 })
    await sleep(100)
    try { writeFileSync(path + '.filler', Buffer.alloc(100_000)) } catch {}
    for (let line = 1; line < 500; line += 1) log.info({ line })
    await sleep(300)
    rmSync(path + '.filler')
    await sleep(500)
    console.log(JSON.stringify(readFileSync(path, 'utf8').trim().split('\\n').map((line) => JSON.parse(line).line)))`,
      (command, args) => disk.within(command, args),
    )
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toEqual(Array.from({ length: 500 }, (_, line) => line))
  },
)

it('beyond its bound lines are lost, and how many is said', async () => {
  // A pipe that nobody reads from for a while is full as a disk is.
  const child = spawn(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `${imports}
      const log = pino({ base: null, timestamp: false }, createLogStream(1, 200_000))
      for (let line = 0; line < 100_000; line += 1) log.info({ line })
      setInterval(() => {}, 1000)`,
    ],
    { cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let kept = 0
  for await (const text of createInterface(child.stdout)) {
    const line = JSON.parse(text) as { lost?: number }
    if (line.lost === undefined) kept += 1
    else {
      expect(line.lost).toBe(100_000 - kept)
      break
    }
  }
  expect(kept).toBeGreaterThan(1_000)
  child.kill('SIGKILL')
})
