import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { simpleParser } from 'mailparser'
import { expect, it } from 'vitest'
import type { DropPublished } from '#events/drop-published.ts'
import { debianDrop } from '../../testing/drops.ts'
import { published } from '../../testing/news.ts'
import { openAnnouncer } from '../../testing/open-announcer.ts'
import { openMailServer } from './testing/mail-server.ts'

const execute = promisify(execFile)
const foreigner = 'Zoë Müller — 発行'

/** Mails a drop; resolves with what the server got, as bytes and in the command that began it. */
async function mailed(body: DropPublished, options: { hide8BITMIME?: boolean } = {}) {
  let body8 = false
  await using server = await openMailServer({
    ...options,
    onMailFrom({ args }, _session, answer) {
      body8 = typeof args === 'object' && 'BODY' in args && args.BODY === '8BITMIME'
      answer()
    },
  })
  const env = {
    IMAGEDROP_ANNOUNCER_SMTP_URL: server.url,
    IMAGEDROP_ANNOUNCER_TO: 'cloud@lists.example.org',
    IMAGEDROP_ANNOUNCER_MIRROR_URL: 'https://download.example.org/pub',
  }
  await using announcer = await openAnnouncer({ env })
  await announcer.hear(published(body))
  const [heard] = server.heard
  if (!heard) throw new Error('no mail arrived')
  return { bytes: heard.bytes, raw: heard.bytes.toString('latin1'), body8 }
}

function encodingOf(raw: string): string | undefined {
  return /^Content-Transfer-Encoding: (\S+)\r$/im.exec(raw)?.[1]
}

it('a mail in ASCII travels in 7bit with every line as it was written', async () => {
  const { raw, body8 } = await mailed(debianDrop())
  expect(encodingOf(raw)).toBe('7bit')
  expect(body8).toBe(false)
  expect(raw).not.toMatch(/[^\x20-\x7e\r\n]|=\r\n|format=flowed/)
  const lines = raw.split('\r\n')
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(998)
  for (const { path, sha256, image } of debianDrop().files) {
    expect(lines).toContain(`  https://download.example.org/pub/${path}`)
    if (image !== null) expect(lines).toContain(`${sha256}  ${path.slice(path.lastIndexOf('/') + 1)}`)
  }
})

it('a mail with other letters travels in 8bit, and the server is told so', async () => {
  const { bytes, raw, body8 } = await mailed(debianDrop('20260711', { by: foreigner }))
  expect(encodingOf(raw)).toBe('8bit')
  expect(body8).toBe(true)
  expect(bytes.toString('utf8')).toContain(`\r\n  Blessed  by ${foreigner}\r\n`)
})

it('a server that takes no 8bit gets the same text in ASCII', async () => {
  const { bytes, raw, body8 } = await mailed(debianDrop('20260711', { by: foreigner }), { hide8BITMIME: true })
  expect(encodingOf(raw)).toBe('quoted-printable')
  expect(body8).toBe(false)
  expect(raw).toMatch(/^[\x20-\x7e\r\n]*$/)
  const plain = await mailed(debianDrop('20260711', { by: foreigner }))
  expect((await simpleParser(bytes)).text).toBe((await simpleParser(plain.bytes)).text)
})

it('a line that no mail may hold makes the mail quoted-printable', async () => {
  const { bytes, raw } = await mailed(debianDrop('20260711', { path: 'a'.repeat(2_000) }))
  expect(encodingOf(raw)).toBe('quoted-printable')
  expect(Math.max(...raw.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(76)
  expect((await simpleParser(bytes)).text).toContain('a'.repeat(2_000))
})

it('a mailbox keeps it readable, Python reads it without a defect, and sha256sum its checksums', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mailbox-'))
  try {
    const { bytes } = await mailed(debianDrop())
    await writeFile(join(folder, 'mail.eml'), bytes)
    const { stdout } = await execute('python3', ['-c', readByPython, 'mail.eml', 'box'], { cwd: folder })
    const read = JSON.parse(stdout) as { defects: string[]; text: string }
    expect(read.defects).toEqual([])
    expect(read.text).toContain('All 4 images passed the boot test.')

    const box = await readFile(join(folder, 'box'), 'utf8')
    for (const { sha256, image } of debianDrop().files) if (image !== null) expect(box).toContain(`\n${sha256}  `)
    expect(box).not.toContain('>From')

    const file = join(folder, 'debian-12-generic-amd64-20260711.qcow2')
    await writeFile(file, 'not the image')
    await writeFile(join(folder, 'text'), read.text)
    const checked = execute('sha256sum', ['-c', '--ignore-missing', 'text'], { cwd: folder })
    await expect(checked).rejects.toMatchObject({ stdout: expect.stringContaining('20260711.qcow2: FAILED') })
  } finally {
    await rm(folder, { recursive: true })
  }
})

const readByPython = `
import email, email.policy, json, mailbox, sys
data = open(sys.argv[1], 'rb').read()
message = email.message_from_bytes(data, policy=email.policy.default)
box = mailbox.mbox(sys.argv[2])
box.add(data)
box.flush()
print(json.dumps({'defects': [repr(one) for one in message.defects], 'text': message.get_content()}))`
