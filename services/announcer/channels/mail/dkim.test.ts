import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createSigner } from './dkim.ts'

const from = 'imagedrop@example.org'
const none = { mailDkimKey: null, mailDkimSelector: null, mailDkimDomain: null }
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dkim-keys-'))
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  await keep('good', privateKey)
  await writeFile(join(folder, 'public'), publicKey.export({ type: 'spki', format: 'pem' }))
  await keep('short', generateKeyPairSync('rsa', { modulusLength: 512 }).privateKey)
  await keep('edwards', generateKeyPairSync('ed25519').privateKey)
})
afterAll(() => rm(folder, { recursive: true }))

async function keep(name: string, key: KeyObject): Promise<void> {
  await writeFile(join(folder, name), key.export({ type: 'pkcs8', format: 'pem' }))
}

it('without settings nothing is signed', () => {
  expect(createSigner(none, from)).toBeNull()
})

it.each([
  ['of the sender', null, 'example.org'],
  ['that is set', 'lists.example.net', 'lists.example.net'],
])('signs for the domain %s, in front of a message that stays as it is', async (_which, mailDkimDomain, domain) => {
  const sign = createSigner({ mailDkimKey: join(folder, 'good'), mailDkimSelector: 'drops', mailDkimDomain }, from)
  const message = `From: ${from}\r\nSubject: hello\r\n\r\nhello\r\n`
  const signed = (await sign?.(Buffer.from(message)))?.toString() ?? ''
  expect(signed).toMatch(/^DKIM-Signature: v=1; /)
  expect(signed.replaceAll(/\s+/g, ' ')).toContain(`d=${domain}; q=dns/txt; s=drops;`)
  expect(signed.endsWith(message)).toBe(true)
})

it.each([
  ['missing', /KEY: \S+missing cannot be read as a private key in PEM: ENOENT/],
  ['public', /KEY: \S+public cannot be read as a private key in PEM/],
  ['short', /KEY: \S+short has 512 bits/],
  ['edwards', /KEY: \S+edwards is a key of type ed25519, not RSA/],
])('a key that cannot sign (%s) is refused at the start, by its file', (name, message) => {
  const settings = { ...none, mailDkimKey: join(folder, name), mailDkimSelector: 'drops' }
  expect(() => createSigner(settings, from)).toThrow(message)
})

it('a key without a selector, and a selector without a key, are refused', () => {
  expect(() => createSigner({ ...none, mailDkimKey: join(folder, 'good') }, from)).toThrow('SELECTOR: it is not set')
  expect(() => createSigner({ ...none, mailDkimSelector: 'drops' }, from)).toThrow('KEY: it names no file')
})
