import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { getPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { ToolFailed, ToolMissing } from './errors.ts'
import { run } from './run.ts'

const node = process.execPath

it('gives the output and the exit status of a tool that ends well', async () => {
  expect(await run('echo', ['one', 'two'])).toEqual({ code: 0, stdout: 'one two\n' })
})

it('never lets a shell see the arguments', async () => {
  expect((await run('echo', ['$HOME; true', '`id`'])).stdout).toBe('$HOME; true `id`\n')
})

it('names the tool that is missing', async () => {
  await expect(run('no-such-tool', [])).rejects.toThrow(ToolMissing)
  await expect(run('no-such-tool', [])).rejects.toThrow('no-such-tool is not installed')
})

it('throws with status and last words when a tool fails', async () => {
  const failed = run(node, ['-e', 'console.error("error: the disk is full"); process.exit(3)'])
  await expect(failed).rejects.toMatchObject({ end: { why: 'exit', code: 3 } })
  await expect(failed).rejects.toThrow('ended with status 3: error: the disk is full')
})

it('fails when its log cannot be written, and not the process that runs it', async () => {
  const wordy = ['-e', 'console.log("one"); setTimeout(() => console.log("two"), 200)']
  await expect(run(node, wordy, { log: '/dev/full' })).rejects.toMatchObject({ code: 'ENOSPC' })
})

it('accepts the exit statuses that it is told to accept', async () => {
  expect((await run(node, ['-e', 'process.exit(2)'], { okCodes: [0, 2] })).code).toBe(2)
})

it('ends a tool, and all that it started, at the deadline', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-run-'))
  const pidFile = join(folder, 'pid')
  const script = `const c = require('child_process').spawn('sleep', ['60']); require('fs').writeFileSync(process.argv[1], String(c.pid)); setTimeout(() => {}, 60000)`
  const failed = run(node, ['-e', script, pidFile], { deadline: 500 })
  await expect(failed).rejects.toMatchObject({ end: { why: 'deadline', milliseconds: 500 } })
  const grandchild = await readFile(pidFile, 'utf8')
  await sleep(50)
  expect(isRunning(grandchild)).toBe(false)
  await rm(folder, { recursive: true })
})

it('ends a tool that gives no sign of life, and not one that does', async () => {
  const chatty = 'let n = 0; setInterval(() => { console.log(n++); if (n === 8) process.exit(0) }, 100)'
  await run(node, ['-e', chatty], { idleDeadline: 600 })
  const silent = run('sleep', ['60'], { idleDeadline: 200 })
  await expect(silent).rejects.toThrow(ToolFailed)
  await expect(silent).rejects.toThrow('no sign of life for 0.2 s')
})

it('ends the tool and throws the reason when the signal aborts', async () => {
  const abort = new AbortController()
  const running = run('sleep', ['60'], { signal: abort.signal })
  setTimeout(() => {
    abort.abort(new Error('enough'))
  }, 100)
  const began = Date.now()
  await expect(running).rejects.toThrow('enough')
  expect(Date.now() - began).toBeLessThan(3_000)
})

it('kills a tool that ignores the request to end', async () => {
  const stubborn = 'process.on("SIGTERM", () => {}); console.log("ready"); setInterval(() => {}, 1000)'
  const abort = new AbortController()
  const running = run(node, ['-e', stubborn], {
    signal: abort.signal,
    onLine: () => {
      abort.abort(new Error('enough'))
    },
  })
  await expect(running).rejects.toThrow('enough')
}, 15_000)

it('hands over each line, also those that a progress bar ends with a carriage return', async () => {
  const lines: string[] = []
  const script = 'process.stdout.write("10%\\r20%\\rdone\\nlast")'
  await run(node, ['-e', script], { onLine: (line) => lines.push(line) })
  expect(lines).toEqual(['10%', '20%', 'done', 'last'])
})

it('keeps everything that the tool says in the log', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-run-'))
  const log = join(folder, 'tool.log')
  await run(node, ['-e', 'console.log("out"); console.error("err")'], { log })
  const text = await readFile(log, 'utf8')
  expect(text).toContain('out\n')
  expect(text).toContain('err\n')
  await rm(folder, { recursive: true })
})

it('streams input and output as bytes, more than fits in any buffer', async () => {
  const output = new PassThrough()
  let size = 0
  output.on('data', (chunk: Buffer) => (size += chunk.length))
  const input = Readable.from(Array.from({ length: 64 }, () => Buffer.alloc(1024 * 1024)))
  await run('cat', [], { input, output })
  expect(size).toBe(64 * 1024 * 1024)
})

it('has a tool write into an open file by itself, and hears it complain', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'run-test-'))
  const log = join(folder, 'log')
  await using file = await open(join(folder, 'written'), 'wx+')
  const { stdout } = await run('sh', ['-c', 'echo said; echo complained >&2'], { outputFile: file.fd, log })
  expect(stdout).toBe('')
  expect(await readFile(join(folder, 'written'), 'utf8')).toBe('said\n')
  expect(await readFile(log, 'utf8')).toBe('complained\n')
  await rm(folder, { recursive: true })
})

it('reports the status of a tool that does not read all its input', async () => {
  const input = Readable.from(Array.from({ length: 64 }, () => Buffer.alloc(1024 * 1024)))
  const failed = run(node, ['-e', 'process.exit(7)'], { input })
  await expect(failed).rejects.toMatchObject({ end: { why: 'exit', code: 7 } })
})

it('gives tools a small environment, without secrets of ours', async () => {
  process.env['AWS_SECRET_ACCESS_KEY'] = 'secret'
  const { stdout } = await run('env', [], { env: { EXTRA: 'yes' } })
  delete process.env['AWS_SECRET_ACCESS_KEY']
  expect(stdout).toContain('EXTRA=yes')
  expect(stdout).not.toContain('secret')
})

it('tools do not outlive a process that is killed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-run-'))
  const module = join(import.meta.dirname, 'run.ts')
  const script = `import { run } from ${JSON.stringify(module)}; void run('sh', ['-c', 'echo $$ > ${folder}/pid; sleep 61']); setTimeout(() => process.kill(process.pid, 'SIGKILL'), 700)`
  await run(node, ['--input-type=module', '-e', script]).catch(() => {})
  await sleep(200)
  expect(existsSync(join(folder, 'pid'))).toBe(true)
  expect(isRunning((await readFile(join(folder, 'pid'), 'utf8')).trim())).toBe(false)
  await rm(folder, { recursive: true })
})

/** A process that has ended but was not yet waited for by its new parent does not run. */
function isRunning(pid: string): boolean {
  if (!existsSync(`/proc/${pid}/stat`)) return false
  return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z')
}

it('speaks with a program of ours on a channel of its own', async () => {
  const script = `process.once('message', (m) => process.send({ heard: m }, () => process.disconnect())); console.log('noise')`
  const heard: unknown[] = []
  const channel = { first: { word: 'hello' }, onMessage: (message: unknown) => void heard.push(message) }
  const { stdout } = await run(node, ['-e', script], { channel })
  expect(heard).toEqual([{ heard: { word: 'hello' } }])
  expect(stdout).toBe('noise\n')
  await expect(run(node, ['-e', 'process.exit(4)'], { channel })).rejects.toMatchObject({ end: { code: 4 } })
})

it('a tool that yields stands back with its session and all that it starts; others do not', async () => {
  const tell = 'sleep 0.3; sh -c "nice; cat /proc/self/autogroup 2>/dev/null"; :'
  const heard = async (yields: boolean) => (await run('sh', ['-c', tell], { yields })).stdout
  const ours = getPriority()
  expect(await heard(false)).toMatch(new RegExp(`^${String(ours)}\n(/autogroup-\\d+ nice 0\n)?$`))
  expect(await heard(true)).toMatch(new RegExp(`^${String(Math.max(ours, 10))}\n(/autogroup-\\d+ nice 10\n)?$`))
})

it('a tool that yields may have ended before it is told to', async () => {
  for (let round = 0; round < 20; round += 1) await run('true', [], { yields: true })
})
