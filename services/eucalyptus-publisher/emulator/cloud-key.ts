import { createPrivateKey, createPublicKey, generateKeyPair, sign, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { writeDurably } from '#files/durable.ts'
import { isMissing } from '#files/errors.ts'

/** The key of the cloud, made when there is none, and a certificate of it. */
export async function openCloudKey(path: string): Promise<{ certificate: string; privateKey: KeyObject }> {
  const privateKey = createPrivateKey(await readOrMake(path))
  return { privateKey, certificate: certify(privateKey) }
}

async function readOrMake(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (!isMissing(error)) throw error
  }
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  await writeDurably(path, pem)
  return pem
}

/** A certificate that a key gives itself (RFC 5280), always the same: Node reads certificates but makes none. */
function certify(privateKey: KeyObject): string {
  const algorithm = sequence(oid('2a864886f70d01010b'), Buffer.from([0x05, 0x00]))
  const commonName = sequence(oid('550403'), tagged(0x0c, Buffer.from('eucalyptus')))
  const name = sequence(tagged(0x31, commonName))
  const validity = sequence(tagged(0x17, Buffer.from('200101000000Z')), tagged(0x17, Buffer.from('491231235959Z')))
  const key = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  const serial = tagged(0x02, Buffer.from([1]))
  const body = sequence(serial, algorithm, name, validity, name, key)
  const signature = Buffer.concat([Buffer.from([0]), sign('sha256', body, privateKey)])
  const lines =
    sequence(body, algorithm, tagged(0x03, signature))
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts))
}

function oid(hex: string): Buffer {
  return tagged(0x06, Buffer.from(hex, 'hex'))
}

/** In DER: a tag, the length, the content. */
function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content
  const long = length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from(length < 128 ? [tag, length] : [tag, ...long]), content])
}
