import { spawn, type ChildProcess, type Serializable } from 'node:child_process'
import { createWriteStream, existsSync } from 'node:fs'
import type { Readable, Writable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import { hasCode, isMissing } from '#files/errors.ts'
import { Tail, splitLines } from './output.ts'
import { ToolFailed, ToolMissing, type ToolEnd } from './errors.ts'
import { standBack } from './stand-back.ts'

/** How a tool is run. Times are in milliseconds. */
export interface RunOptions {
  readonly signal?: AbortSignal
  readonly cwd?: string
  /** Added to a minimal environment: PATH, HOME, LANG, TMPDIR, and the proxy and certificate settings. */
  readonly env?: Readonly<Record<string, string>>
  readonly deadline?: number
  /** How long the tool may stay silent; every byte of output, input taken or touch() counts as a sign of life. */
  readonly idleDeadline?: number
  /** Goes behind other tools, with all that it starts, where all processors are busy. */
  readonly yields?: boolean
  /** File that keeps everything the tool says on both streams; appended to. */
  readonly log?: string
  /** Called with each line of both streams; `\r` ends a line too, as progress bars use it. */
  readonly onLine?: (line: string, touch: () => void) => void
  readonly input?: Readable
  /** Takes standard output as bytes; then it goes neither to the log nor to onLine nor into the result. */
  readonly output?: Writable
  /** An open file that the tool writes its standard output into, without us; it is no sign of life then. */
  readonly outputFile?: number
  /** For a tool that is a program of ours: opens a channel to it beside its streams, and sends it the first message. */
  readonly channel?: { readonly first: unknown; readonly onMessage: (message: unknown) => void }
  /** Exit codes that count as success. Default: only 0. */
  readonly okCodes?: readonly number[]
}

export interface RunResult {
  readonly code: number
  /** The last 64 KiB of standard output. */
  readonly stdout: string
}

const graceBeforeKill = 5_000

/**
 * Runs a tool as the leader of its own process group and waits for its end. The whole group gets SIGTERM, and
 * after 5 s SIGKILL, when the signal aborts or a deadline passes. The tool dies with us, even when we are killed.
 *
 * Throws ToolMissing, ToolFailed, or the signal's reason.
 */
export async function run(tool: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  options.signal?.throwIfAborted()
  const child = startTool(tool, args, options)
  if (options.yields === true && child.pid !== undefined) standBack(child.pid)
  const ending = endWatch(child, options)
  const log = options.log === undefined ? null : createWriteStream(options.log, { flags: 'a' })
  // Heard from the start: a disk that is full while the tool runs fails the run, and must not end the process.
  const logged = log === null ? null : finished(log).catch((error: unknown) => error)
  const stdout = new Tail(64 * 1024)
  const said = new Tail(8 * 1024)

  const listen = (source: Readable, keep: Tail | null) => {
    source.on('data', (chunk: Buffer) => {
      ending.touch()
      keep?.push(chunk)
      said.push(chunk)
      log?.write(chunk)
    })
    const onLine = options.onLine
    if (onLine)
      splitLines(source, (line) => {
        onLine(line, ending.touch)
      })
  }
  if (child.stderr) listen(child.stderr, null)
  const streams: Promise<unknown>[] = []
  if (child.stdout && options.output) {
    child.stdout.on('data', ending.touch)
    streams.push(pipeline(child.stdout, options.output))
  } else if (child.stdout) {
    listen(child.stdout, stdout)
  }
  if (child.stdin && options.input) {
    options.input.on('data', ending.touch)
    // A tool that ends early closes its input: its exit status tells why, not our EPIPE.
    streams.push(pipeline(options.input, child.stdin).catch(ignoreBrokenPipe))
  }
  if (options.channel) {
    const { first, onMessage } = options.channel
    child.on('message', (message) => {
      ending.touch()
      onMessage(message)
    })
    // One that ended before it heard us tells why by its exit status.
    child.send(first as Serializable, () => undefined)
  }

  const results = await Promise.allSettled([ending.ended, ...streams])
  log?.end()
  const unlogged: unknown = await logged
  options.signal?.throwIfAborted()
  if (unlogged instanceof Error) throw unlogged
  const [end, ...flows] = results
  if (end.status === 'rejected') throw missingOr(tool, end.reason)
  const value = end.value
  const code = value.why === 'exit' ? value.code : -1
  // A tool that could not write its output ended by that; what kept us from taking it is the reason.
  const broken = flows.find((flow) => flow.status === 'rejected')
  if (value.why === 'signal' && value.signal === 'SIGPIPE' && broken) throw broken.reason
  if (!(options.okCodes ?? [0]).includes(code)) throw new ToolFailed(tool, value, said.text(), options.log ?? null)
  if (broken) throw broken.reason
  return { code, stdout: stdout.text() }
}

function startTool(tool: string, args: readonly string[], options: RunOptions): ChildProcess {
  const [file, argv] = diesWithUs(tool, args)
  return spawn(file, argv, {
    cwd: options.cwd,
    env: { ...inheritedEnvironment(), ...options.env },
    stdio: [
      options.input ? 'pipe' : 'ignore',
      options.outputFile ?? 'pipe',
      'pipe',
      ...(options.channel ? (['ipc'] as const) : []),
    ],
    detached: true,
  })
}

const setpriv = '/usr/bin/setpriv'

/** The kernel ends the tool when we end, however we end: an orphan would go on writing into our folders. */
function diesWithUs(tool: string, args: readonly string[]): [string, string[]] {
  if (!existsSync(setpriv) || !isInstalled(tool)) return [tool, [...args]]
  return [setpriv, ['--pdeathsig', 'KILL', '--', tool, ...args]]
}

function isInstalled(tool: string): boolean {
  if (tool.includes('/')) return existsSync(tool)
  return (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(`${folder}/${tool}`))
}

function inheritedEnvironment(): Record<string, string> {
  const names = /^(PATH|HOME|USER|TMPDIR|LANG|SSL_CERT_FILE|(https?|no)_proxy|(HTTPS?|NO)_PROXY)$/
  const kept = Object.entries(process.env).filter((entry): entry is [string, string] => names.test(entry[0]))
  return { LC_ALL: 'C.UTF-8', ...Object.fromEntries(kept) }
}

interface EndWatch {
  readonly ended: Promise<ToolEnd>
  readonly touch: () => void
}

/** Resolves with how the tool ended; ends it itself on abort and on the deadlines. The first reason wins. */
function endWatch(child: ChildProcess, { signal, deadline, idleDeadline }: RunOptions): EndWatch {
  const { promise, resolve, reject } = Promise.withResolvers<ToolEnd>()
  let reason: ToolEnd | null = null
  const timers: NodeJS.Timeout[] = []
  const stop = (why: ToolEnd | null) => {
    reason ??= why
    killGroup(child, 'SIGTERM')
    timers.push(
      setTimeout(() => {
        killGroup(child, 'SIGKILL')
      }, graceBeforeKill),
    )
  }
  const onAbort = () => {
    stop(null)
  }
  signal?.addEventListener('abort', onAbort, { once: true })
  if (deadline !== undefined)
    timers.push(
      setTimeout(() => {
        stop({ why: 'deadline', milliseconds: deadline })
      }, deadline),
    )
  const idle =
    idleDeadline === undefined
      ? null
      : setTimeout(() => {
          stop({ why: 'idle', milliseconds: idleDeadline })
        }, idleDeadline)

  child.once('error', reject)
  child.once('close', (code, killedBy) => {
    if (idle) clearTimeout(idle)
    timers.forEach(clearTimeout)
    signal?.removeEventListener('abort', onAbort)
    // Whatever it left running in its group must not outlive it.
    killGroup(child, 'SIGKILL')
    resolve(reason ?? (killedBy ? { why: 'signal', signal: killedBy } : { why: 'exit', code: code ?? -1 }))
  })
  return { ended: promise, touch: () => idle?.refresh() }
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch (error) {
    // The group is gone: there is nothing left to end.
    if (!hasCode(error, 'ESRCH')) throw error
  }
}

function missingOr(tool: string, error: unknown): unknown {
  return isMissing(error) ? new ToolMissing(tool, { cause: error }) : error
}

function ignoreBrokenPipe(error: unknown): void {
  if (!hasCode(error, 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET')) throw error
}
