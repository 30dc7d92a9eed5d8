import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { SMTPServer } from 'smtp-server'

/** A real SMTP server that keeps the Message-ID of everything it is given. */
export interface Mailbox extends AsyncDisposable {
  readonly env: Readonly<Record<string, string>>
  readonly messageIds: readonly string[]
}

export async function startMailbox(): Promise<Mailbox> {
  const messageIds: string[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, _session, accept) {
      void text(stream).then((mail) => {
        messageIds.push(/^Message-ID:\s*(\S+)/im.exec(mail)?.[1] ?? 'none')
        accept()
      }, accept)
    },
  })
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  const { port } = server.server.address() as AddressInfo
  return {
    env: {
      IMAGEDROP_ANNOUNCER_SMTP_URL: `smtp://127.0.0.1:${String(port)}`,
      IMAGEDROP_ANNOUNCER_TO: 'cloud@lists.example.org',
    },
    messageIds,
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => {
        server.close(resolve)
      })
    },
  }
}
