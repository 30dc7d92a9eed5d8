import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { dropStaged } from '#events/drop-staged.ts'
import { seal, type Envelope } from '#events/envelope.ts'
import { openSqliteLedger } from '#ledger/sqlite/open.ts'
import { run } from '#subprocess/run.ts'
import { openMailServer } from './channels/mail/testing/mail-server.ts'
import { debianDrop } from './testing/drops.ts'
import { published, ready } from './testing/news.ts'

const { drop } = debianDrop()
const command = join(import.meta.dirname, '../../cli/main.ts')
let state: string

beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'preview-'))
})
afterEach(async () => {
  await rm(state, { recursive: true })
})

async function preview(said: readonly Envelope[], args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  {
    await using ledger = await openSqliteLedger(join(state, 'ledger'))
    for (const envelope of said) await ledger.say(envelope, new Date(), { service: 'scheduler', owner: 'test' })
  }
  const lines: string[] = []
  const end = await run(process.execPath, [command, 'announce', drop, '--state', state, ...args], {
    env: { ...env, TMPDIR: state },
    onLine: (line) => lines.push(line),
  }).catch((error: unknown) => error)
  return { text: lines.join('\n'), end }
}

function staged(): Envelope {
  const { kind, milestone, compose, path, files } = debianDrop()
  return seal(
    { subject: dropStaged.subject, body: { drop, kind, milestone, compose, path, files } },
    { now: new Date() },
  )
}

describe('imagedrop announce --preview', () => {
  it('shows the mail of a published drop, with what changed, and sends and keeps nothing', async () => {
    await using server = await openMailServer()
    const said = [published(debianDrop('20260710')), published(debianDrop())]
    const before = await readdir(state, { recursive: true })
    const { text } = await preview(said, ['--preview', '--channel', 'mail'], {
      IMAGEDROP_ANNOUNCER_SMTP_URL: server.url,
      IMAGEDROP_ANNOUNCER_TO: 'cloud@lists.example.org',
    })
    expect(text).toContain('--- mail\nFrom: imagedrop <imagedrop@imagedrop.localhost>\n')
    expect(text).toContain('\nSubject: [imagedrop] Debian 12 cloud images 20260711 (nightly)\n')
    expect(text).toContain('\nChanges since nightly-Debian-12-20260710.0\n')
    expect(server.heard).toEqual([])
    const after = await readdir(state, { recursive: true })
    expect(after.filter((path) => !before.includes(path) && /announce/.test(path))).toEqual([])
  })

  it('shows what would be said of a drop that waits for its blessing, also in page and feed', async () => {
    const { text } = await preview([ready(debianDrop()), staged()], ['--preview'])
    const files = text.split('\n').filter((line) => line.startsWith('/'))
    const named = (name: string) => files.find((path) => basename(path) === name) ?? ''
    expect(await readFile(named(`${drop}.eml`), 'utf8')).toContain('Blessed  by nobody yet')
    expect(await readFile(named('feed.atom'), 'utf8')).toContain('Debian 12 cloud images 20260711')
    expect(await readFile(named('index.html'), 'utf8')).toContain('Debian 12 cloud images 20260711')
  })

  it.each<[string, readonly string[], RegExp]>([
    [
      'a drop of which nothing is known',
      ['--preview'],
      /no drop "nightly-Debian-12-20260711\.0" that is published or staged/,
    ],
    ['anything but a preview', [], /only with --preview/],
  ])('refuses %s', async (_what, args, message) => {
    const { end } = await preview([], args)
    expect(end).toMatchObject({ end: { code: 2 }, message: expect.stringMatching(message) })
  })

  it('names the channels when one is asked for that there is not', async () => {
    const { end } = await preview([published(debianDrop())], ['--preview', '--channel', 'mial'])
    expect(end).toMatchObject({ message: expect.stringMatching(/there is no channel "mial"; there are .*mail/) })
  })
})
