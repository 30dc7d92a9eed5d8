import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { DropPublished } from '#events/drop-published.ts'
import { provideDkim, verifyDkim } from './testing/verify-dkim.ts'
import { debianDrop } from '../../testing/drops.ts'
import { published } from '../../testing/news.ts'
import { openAnnouncer } from '../../testing/open-announcer.ts'
import { account, needsRoot, providePostfix, type Postfix } from './testing/postfix.ts'

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
let folder: string
let server: Postfix

beforeAll(async () => {
  if (needsRoot) return
  folder = await mkdtemp(join(tmpdir(), 'postfix-test-'))
  await writeFile(join(folder, 'dkim.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }))
  server = await providePostfix()
  await provideDkim()
}, 120_000)
afterAll(async () => {
  if (needsRoot) return
  await server[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})
beforeEach((test) => {
  test.skip(needsRoot, 'only root can start Postfix')
})

function settings({ password = account.password } = {}): Record<string, string> {
  const url = new URL(server.url)
  url.username = account.user
  url.password = password
  return {
    IMAGEDROP_ANNOUNCER_SMTP_URL: url.href,
    IMAGEDROP_ANNOUNCER_TO: 'cloud@lists.example.org',
    IMAGEDROP_ANNOUNCER_DOMAIN: 'images.example.org',
    IMAGEDROP_ANNOUNCER_MAIL_CA: server.ca,
  }
}

const signing = () => ({
  IMAGEDROP_ANNOUNCER_MAIL_DKIM_KEY: join(folder, 'dkim.pem'),
  IMAGEDROP_ANNOUNCER_MAIL_DKIM_SELECTOR: 'drops',
})

/** Mails a drop; resolves with what is in the mailbox, and with what was written. */
async function mailed(body: DropPublished, env = settings()): Promise<{ delivered: Buffer; written: Buffer }> {
  const before = await server.mails()
  await using announcer = await openAnnouncer({ env })
  await announcer.hear(published(body))
  const written = await readFile(announcer.at(`${body.drop}.eml`))
  for (const end = Date.now() + 30_000; Date.now() < end; await sleep(50)) {
    const delivered = (await server.mails()).find((one) => !before.some((other) => other.equals(one)))
    if (delivered) return { delivered, written }
  }
  throw new Error('the mail did not come to its mailbox')
}

const names = {
  'drops._domainkey.images.example.org.': `v=DKIM1; k=rsa; p=${publicKey.export({ type: 'spki', format: 'der' }).toString('base64')}`,
}

/** From the mailbox, where lines end as files of this host do. */
const onTheWire = (mail: Buffer) => mail.toString('latin1').replaceAll(/\r?\n/g, '\r\n')

it('Postfix takes a mail over TLS from who has logged in, and delivers it line by line as it was written', async () => {
  const { delivered, written } = await mailed(debianDrop())
  const mail = onTheWire(delivered)
  expect(mail.endsWith(written.toString('latin1'))).toBe(true)
  expect(mail).toMatch(/^Return-Path: <imagedrop@images\.example\.org>\r\n/)
  expect(mail).toMatch(/^Received: [\s\S]*with ESMTPSA/m)
})

it('a mail that was signed is found whole at its mailbox by another verifier, and one that was changed is not', async () => {
  const { delivered, written } = await mailed(debianDrop(), { ...settings(), ...signing() })
  const mail = onTheWire(delivered)
  expect(mail).toMatch(/^DKIM-Signature: v=1; a=rsa-sha256; c=relaxed\/relaxed;\s+d=images\.example\.org;/m)
  expect(mail.endsWith(written.toString('latin1'))).toBe(true)
  expect(await verifyDkim(mail, names)).toBe(true)
  expect(await verifyDkim(mail.replace('5 of 5', '4 of 5'), names)).toBe(false)
  expect(await verifyDkim(mail.replace(/^Subject: .*$/m, 'Subject: hello'), names)).toBe(false)
})

it('a signed mail with other letters travels in 7bit, so that no server has to change it', async () => {
  const body = debianDrop('20260711', { by: 'Zoë Müller — 発行' })
  const { delivered } = await mailed(body, { ...settings(), ...signing() })
  const mail = onTheWire(delivered)
  expect(mail).toMatch(/^Content-Transfer-Encoding: quoted-printable\r$/m)
  expect(mail).toMatch(/^[\x20-\x7e\t\r\n]*$/)
  expect(await verifyDkim(mail, names)).toBe(true)
})

it('the same mail is signed with the same bytes, so that a copy is seen as a copy', async () => {
  const env = { ...settings(), ...signing() }
  const signatures = []
  for (let time = 0; time < 2; time++) {
    const { delivered } = await mailed(debianDrop(), env)
    signatures.push(/^DKIM-Signature: [\s\S]*?\r\n(?=\S)/m.exec(onTheWire(delivered))?.[0])
  }
  expect(signatures[0]).toBeTypeOf('string')
  expect(signatures[1]).toBe(signatures[0])
})

it('a wrong password is refused, and a server whose certificate is not right gets none', async () => {
  await using wrong = await openAnnouncer({ env: settings({ password: 'another' }) })
  await expect(wrong.hear(published(debianDrop()))).rejects.toMatchObject({
    name: 'PermanentError',
    message: expect.stringContaining('535'),
  })
  const { IMAGEDROP_ANNOUNCER_MAIL_CA: _ca, ...others } = settings()
  await using trustful = await openAnnouncer({ env: others })
  await expect(trustful.hear(published(debianDrop()))).rejects.toMatchObject({
    name: 'TransientError',
    message: expect.stringMatching(/certificate/),
  })
})
