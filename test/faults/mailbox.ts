import { openMailServer } from '../../services/announcer/channels/mail/testing/mail-server.ts'

/** A real SMTP server that keeps the Message-ID of everything it is given. */
export interface Mailbox extends AsyncDisposable {
  readonly env: Readonly<Record<string, string>>
  readonly messageIds: readonly string[]
}

export async function startMailbox(): Promise<Mailbox> {
  const server = await openMailServer()
  return {
    env: {
      IMAGEDROP_ANNOUNCER_SMTP_URL: server.url,
      IMAGEDROP_ANNOUNCER_TO: 'cloud@lists.example.org',
    },
    get messageIds() {
      return server.heard.map(({ bytes }) => /^Message-ID:\s*(\S+)/im.exec(bytes.toString())?.[1] ?? 'none')
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
