import { createSign } from 'node:crypto'
import { elementsAt, parseXml, textAt } from '#markup/xml.ts'
import { messageOf, PermanentError } from '#service/errors.ts'
import type { Bundle } from './bundle-disk.ts'
import type { BundleSecrets } from './bundle-secrets.ts'
import { encryptFor } from './encrypt-for.ts'

const algorithm = 'AES-128-CBC'

interface Manifested {
  readonly name: string
  /** `x86_64` or `i386`. */
  readonly architecture: string
  readonly accountId: string
  /** Bytes of the disk. */
  readonly size: number
  readonly bundle: Bundle
  readonly secrets: BundleSecrets
  /** PEM. */
  readonly cloudCertificate: string
  readonly userCertificate: string | null
  readonly privateKey: string | null
}

/**
 * The manifest of a bundle, version 2007-10-10, as euca2ools writes it (`euca2ools/bundle/manifest.py`). Equal bundles have
 * equal manifests: Eucalyptus launches nothing of a manifest that has changed since it was registered.
 */
export function renderManifest(manifested: Manifested): string {
  const { name, architecture, accountId, size, bundle, privateKey } = manifested
  const machine = element('machine_configuration', element('architecture', architecture))
  const parts = bundle.parts.map((part, index) => {
    const content = element('filename', part.name) + element('digest', part.sha1, 'algorithm="SHA1"')
    return element('part', content, `index="${String(index)}"`)
  })
  const image = element(
    'image',
    [
      element('name', name),
      element('user', accountId),
      element('type', 'machine'),
      element('digest', bundle.digest, 'algorithm="SHA1"'),
      element('size', String(size)),
      element('bundled_size', String(bundle.size)),
      ...encryptedSecrets(manifested),
      element('parts', parts.join(''), `count="${String(parts.length)}"`),
    ].join(''),
  )
  const bundler = ['name', 'version', 'release'].map((key, index) => element(key, ['imagedrop', '1', '0'][index] ?? ''))
  const content = [
    element('version', '2007-10-10'),
    element('bundler', bundler.join('')),
    machine,
    image,
    element('signature', signatureOf(machine + image, privateKey)),
  ]
  return `<?xml version="1.0"?>${element('manifest', content.join(''))}`
}

/** euca2ools: without the element the cloud refuses the manifest, and an empty one breaks it. */
function signatureOf(signed: string, privateKey: string | null): string {
  if (privateKey === null) return 'UNSIGNED'
  try {
    return createSign('sha1').update(signed).sign(privateKey, 'hex')
  } catch (error) {
    const reason = `private-key of the user cannot sign: ${messageOf(error)}`
    throw new PermanentError('environment', reason, { cause: error })
  }
}

/** Key and vector, for the cloud and for the user, who without a certificate has no part in it. */
function encryptedSecrets({ secrets, cloudCertificate, userCertificate }: Manifested): string[] {
  const { key, iv } = secrets
  const sealed = (label: string, certificate: string, bytes: Buffer) =>
    encryptFor(certificate, bytes.toString('hex'), (length) => secrets.padding(label, length))
  const forUser = (label: string, bytes: Buffer) =>
    userCertificate === null ? '' : sealed(label, userCertificate, bytes)
  const attribute = `algorithm="${algorithm}"`
  return [
    element('ec2_encrypted_key', sealed('key for the cloud', cloudCertificate, key), attribute),
    element('user_encrypted_key', forUser('key for the user', key), attribute),
    element('ec2_encrypted_iv', sealed('vector for the cloud', cloudCertificate, iv)),
    element('user_encrypted_iv', forUser('vector for the user', iv)),
  ]
}

/** What is in a manifest has no letter that XML would take for markup. */
function element(name: string, content: string, attributes = ''): string {
  return `<${name}${attributes === '' ? '' : ` ${attributes}`}>${content}</${name}>`
}

/** What a manifest promises of its bundle. */
export interface Promised {
  /** Bytes of the disk. */
  readonly size: number
  /** Bytes of all parts. */
  readonly bundledSize: number
  readonly parts: readonly string[]
}

/** Reads a manifest; null when it is none. */
export function readManifest(text: string): Promised | null {
  const root = parseXml(text)
  if (root?.name !== 'manifest') return null
  return {
    size: Number(textAt(root, 'image', 'size')),
    bundledSize: Number(textAt(root, 'image', 'bundled_size')),
    parts: elementsAt(root, 'image', 'parts', 'part').map((part) => textAt(part, 'filename') ?? ''),
  }
}
