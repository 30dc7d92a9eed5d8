import { constants, createDecipheriv, createHash, createVerify, privateDecrypt, X509Certificate } from 'node:crypto'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { elementsAt, parseXml, textAt, type Element } from '#markup/xml.ts'
import { messageOf } from '#service/errors.ts'
import { refused } from './api-error.ts'
import { isForMachinery, readObject } from './objects.ts'
import type { World } from './world.ts'

/** Bytes of all parts but the last: euca2ools `--part-size`. */
const mostOfPart = 10 * 1024 * 1024
const block = 512

interface Where {
  readonly bucket: string
  /** With a slash at the end, or empty: parts lie beside their manifest (`ImageManifestFile.getPrefix`). */
  readonly folder: string
}

/**
 * The disk of a bundle, as the machinery of the cloud gets at it: the key decrypted with its own (`DownloadManifestFactory`),
 * the parts in order and each compared with its digest, deciphered, decompressed, taken out of its archive. Throws ApiError
 * where it is not as the manifest promises.
 */
export async function* unbundle(world: World, manifest: string, where: Where): AsyncGenerator<Buffer> {
  const root = parseXml(manifest)
  if (root?.name !== 'manifest') throw wrong('it is no manifest')
  const [key, iv] = ['ec2_encrypted_key', 'ec2_encrypted_iv'].map((name) => decrypt(world, textAt(root, 'image', name)))
  if (!key || !iv) throw wrong('its key was not encrypted for this cloud')
  const size = Number(textAt(root, 'image', 'size'))
  const digest = createHash('sha1')
  const archive = Readable.from(partsOf(world, root, where))
    .compose(createDecipheriv('aes-128-cbc', key, iv))
    .compose(createGunzip()) as AsyncIterable<Buffer>
  let read = 0
  try {
    for await (const chunk of archive) {
      digest.update(chunk)
      const disk = chunk.subarray(Math.max(0, block - read), Math.max(0, block + size - read))
      if (read === 0) assertArchiveOf(size, chunk)
      read += chunk.length
      if (disk.length > 0) yield disk
    }
  } catch (error) {
    if (error instanceof Error && error.name === 'ApiError') throw error
    throw wrong(messageOf(error))
  }
  if (read < block + size) throw wrong(`its archive ends after ${String(read)} bytes`)
  if (digest.digest('hex') !== textAt(root, 'image', 'digest')) throw wrong('its archive has another digest')
}

/** Whether a manifest was signed by the holder of a certificate: its two middle elements, as they are written. */
export function isSignedBy(certificate: string, manifest: string): boolean {
  const machine = /<machine_configuration>[^]*<\/machine_configuration>/.exec(manifest)?.[0] ?? ''
  const image = /<image>[^]*<\/image>/.exec(manifest)?.[0] ?? ''
  const signature = /<signature>([0-9a-f]+)<\/signature>/.exec(manifest)?.[1] ?? ''
  const { publicKey } = new X509Certificate(certificate)
  return createVerify('sha1')
    .update(machine + image)
    .verify(publicKey, signature, 'hex')
}

async function* partsOf(world: World, root: Element, { bucket, folder }: Where): AsyncGenerator<Buffer> {
  const parts = elementsAt(root, 'image', 'parts', 'part')
  let total = 0
  for (const [index, part] of parts.entries()) {
    const name = textAt(part, 'filename') ?? ''
    const found = await readObject(world, bucket, folder + name)
    if (found === null) throw wrong(`its part ${name} is not there`)
    const { object, bytes } = found
    if (!isForMachinery(object)) throw wrong(`its part ${name} may not be read by the cloud`)
    if (createHash('sha1').update(bytes).digest('hex') !== textAt(part, 'digest'))
      throw wrong(`its part ${name} has another digest`)
    if (index < parts.length - 1 ? bytes.length !== mostOfPart : bytes.length > mostOfPart)
      throw wrong(`its part ${name} has ${String(bytes.length)} bytes`)
    total += bytes.length
    yield bytes
  }
  if (total !== Number(textAt(root, 'image', 'bundled_size'))) throw wrong(`its parts have ${String(total)} bytes`)
}

function assertArchiveOf(size: number, head: Buffer): void {
  const field = head.subarray(124, 136)
  const told = field[0] === 0x80 ? Number(head.readBigUInt64BE(128)) : parseInt(field.toString('ascii'), 8)
  if (head.toString('ascii', 257, 262) !== 'ustar' || told !== size)
    throw wrong(`its archive holds ${String(told)} bytes, not ${String(size)}`)
}

/** A key in hex that was encrypted as PKCS #1 1.5 has it; null when it was not, or for somebody else. */
function decrypt({ cloud }: World, hex: string | null): Buffer | null {
  try {
    const key = { key: cloud.privateKey, padding: constants.RSA_NO_PADDING }
    const block = privateDecrypt(key, Buffer.from(hex ?? '', 'hex'))
    const end = block.indexOf(0, 2)
    const secret = block.toString('latin1', end + 1)
    const isPadded = block[0] === 0 && block[1] === 2 && end >= 10
    return isPadded && /^[0-9a-f]{32}$/.test(secret) ? Buffer.from(secret, 'hex') : null
  } catch {
    return null
  }
}

/** Eucalyptus registers such a bundle, and no machine ever starts of it: here it is told at once, by a code of the emulator's own. */
function wrong(reason: string) {
  return refused('InvalidManifest', `The bundle would not start: ${reason}`)
}
