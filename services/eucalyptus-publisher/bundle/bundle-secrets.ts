import { createHmac, hkdfSync } from 'node:crypto'

/** What a bundle is encrypted with. Equal bundles have equal secrets: whoever goes on with one writes the same bytes. */
export interface BundleSecrets {
  readonly key: Buffer
  readonly iv: Buffer
  /** Tells bundles of one image apart that would have other bytes. */
  readonly mark: string
  /** Bytes without a zero, always the same for a label. */
  padding(label: string, length: number): Buffer
}

/** Derives the secrets of a bundle from that of the account, and from all that its bytes follow from. */
export function deriveSecrets(secret: string, bundle: readonly string[]): BundleSecrets {
  const derived = Buffer.from(hkdfSync('sha256', secret, 'imagedrop bundle', JSON.stringify(bundle), 70))
  const seed = derived.subarray(38)
  return {
    key: derived.subarray(0, 16),
    iv: derived.subarray(16, 32),
    mark: derived.subarray(32, 38).toString('hex'),
    padding(label, length) {
      let bytes = Buffer.alloc(0)
      for (let round = 0; bytes.length < length; round += 1) {
        const more = createHmac('sha256', seed)
          .update(`${label} ${String(round)}`)
          .digest()
        bytes = Buffer.concat([bytes, more.filter((byte) => byte !== 0)])
      }
      return bytes.subarray(0, length)
    },
  }
}
