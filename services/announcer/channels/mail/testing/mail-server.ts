import { once } from 'node:events'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import type { AddressInfo, Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'

/** A mail that the server has heard to its end, whether or not it said so. */
export interface Heard {
  readonly to: readonly string[]
  readonly bytes: Buffer
}

export interface MailServer extends AsyncDisposable {
  readonly url: string
  /** Whole mails, in the order in which they came. */
  readonly heard: readonly Heard[]
}

/** What the server does once it has heard the whole mail: undefined is 250. */
type AfterData = 'accept' | 'hang up' | { readonly code: number }

interface Behaviour extends Pick<SMTPServerOptions, 'onRcptTo' | 'onMailFrom' | 'hide8BITMIME'> {
  /** One for each mail, the last for all that follow. */
  readonly afterData?: readonly AfterData[]
}

/** Runs a real SMTP server for a test, on a port of its own. */
export async function openMailServer({ afterData = ['accept'], ...options }: Behaviour = {}): Promise<MailServer> {
  const heard: Heard[] = []
  const server: SMTPServer = new SMTPServer({
    closeTimeout: 100,
    disabledCommands: ['AUTH', 'STARTTLS'],
    ...options,
    onData(stream, session, answer) {
      function answerTo(bytes: Buffer): void {
        const then = afterData[Math.min(heard.length, afterData.length - 1)] ?? 'accept'
        heard.push({ to: session.envelope.rcptTo.map(({ address }) => address), bytes })
        if (then === 'hang up') hangUp(server)
        else if (then === 'accept') answer()
        else answer(refusal(then.code))
      }
      // A sender that goes away in the middle has sent nothing.
      buffer(stream).then(answerTo, () => null)
    },
  })
  // A sender that is killed resets its connection, which the library tells here: with nobody listening, the test ends.
  server.on('error', () => null)
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  const { port } = server.server.address() as AddressInfo
  return {
    url: `smtp://127.0.0.1:${String(port)}`,
    heard,
    [Symbol.asyncDispose]: async () => {
      const { promise, resolve } = Promise.withResolvers<undefined>()
      server.close(() => {
        resolve(undefined)
      })
      await promise
    },
  }
}

function hangUp(server: SMTPServer): void {
  for (const { _socket: socket } of server.connections as Set<{ _socket: Socket }>) socket.destroy()
}

/** An answer of the server that is not 250. */
export function refusal(code: number): Error {
  return Object.assign(new Error(`this server says ${String(code)}`), { responseCode: code })
}
