import { createServer, type Socket } from 'node:net'
import { once } from 'node:events'
import { z } from 'zod'
import { TransientError } from '#service/errors.ts'
import { splitLines } from '#subprocess/output.ts'

const message = z.union([
  z.object({ event: z.string(), data: z.record(z.string(), z.unknown()).default({}) }),
  z.object({ id: z.number(), return: z.unknown() }),
  z.object({ id: z.number(), error: z.object({ class: z.string(), desc: z.string() }) }),
])

/** QEMU refused a command. */
export class ControlRefused extends Error {
  override name = 'ControlRefused'
  readonly code = 'CONTROL_REFUSED'
}

/** QEMU has hung up: it is ending, or has ended, and its exit tells why. */
export class ControlLost extends TransientError {
  override name = 'ControlLost'
}

type Listener = (event: string, data: Readonly<Record<string, unknown>>) => void

/** QEMU's control connection, in its machine protocol QMP. */
export class Control implements Disposable {
  readonly #socket: Socket
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>()
  #lastId = 0

  constructor(socket: Socket, onEvent: Listener) {
    this.#socket = socket
    // What an error says is what 'close' means.
    socket.on('error', () => {})
    splitLines(socket, (line) => {
      try {
        this.#read(line, onEvent)
      } catch (error) {
        socket.destroy(error instanceof Error ? error : new Error(String(error)))
      }
    })
    socket.once('close', () => {
      for (const { reject } of this.#waiting.values()) reject(lost())
      this.#waiting.clear()
    })
  }

  /** Resolves with what QEMU returns. Throws ControlRefused, or ControlLost when QEMU is gone. */
  async execute(command: string, options: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    if (this.#socket.destroyed) throw lost()
    const id = ++this.#lastId
    const answer = Promise.withResolvers<unknown>()
    this.#waiting.set(id, answer)
    this.#socket.write(`${JSON.stringify({ execute: command, arguments: options, id })}\n`)
    return await answer.promise
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }

  #read(line: string, onEvent: Listener): void {
    const parsed = message.safeParse(JSON.parse(line))
    // The greeting.
    if (!parsed.success) return
    const { data } = parsed
    if ('event' in data) {
      onEvent(data.event, data.data)
      return
    }
    const waiting = this.#waiting.get(data.id)
    this.#waiting.delete(data.id)
    if ('error' in data) waiting?.reject(new ControlRefused(`${data.error.class}: ${data.error.desc}`))
    else waiting?.resolve(data.return)
  }
}

/** A place where QEMU can connect to. It calls us, so that nobody has to try until it listens. */
export interface ControlPort extends AsyncDisposable {
  /** Resolves when QEMU has connected and takes commands. Call it before QEMU starts. */
  accept(onEvent: Listener, signal: AbortSignal): Promise<Control>
}

/** Listens on a unix socket; the path may have 107 bytes. */
export async function listenForControl(path: string): Promise<ControlPort> {
  const server = createServer()
  server.listen(path)
  await once(server, 'listening')
  return {
    async accept(onEvent, signal) {
      const [socket] = (await once(server, 'connection', { signal })) as [Socket]
      const control = new Control(socket, onEvent)
      await control.execute('qmp_capabilities')
      return control
    },
    async [Symbol.asyncDispose]() {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      await closed
    },
  }
}

function lost(): ControlLost {
  return new ControlLost('QEMU closed its control connection')
}
