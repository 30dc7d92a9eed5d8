import { constants, publicEncrypt, X509Certificate } from 'node:crypto'
import { PermanentError } from '#service/errors.ts'

/**
 * Encrypts a short text for the holder of a certificate as PKCS #1 1.5 has it (RFC 8017, 7.2.1), in hex. The padding, which is
 * random there, is given: it has to be secret and never the same for two texts, and the same text is to give the same bytes.
 */
export function encryptFor(certificate: string, text: string, padding: (length: number) => Buffer): string {
  const key = readCertificate(certificate).publicKey
  const length = (key.asymmetricKeyDetails?.modulusLength ?? 0) / 8
  const filling = padding(length - text.length - 3)
  const block = Buffer.concat([Buffer.from([0, 2]), filling, Buffer.from([0]), Buffer.from(text, 'latin1')])
  return publicEncrypt({ key, padding: constants.RSA_NO_PADDING }, block).toString('hex')
}

/** Reads a certificate that bundles can be encrypted for. Throws PermanentError. */
export function readCertificate(pem: string): X509Certificate {
  try {
    const certificate = new X509Certificate(pem)
    if (certificate.publicKey.asymmetricKeyType === 'rsa') return certificate
  } catch (error) {
    throw new PermanentError('environment', 'a certificate for bundles cannot be read as PEM', { cause: error })
  }
  throw new PermanentError('environment', 'a certificate for bundles has a key that is not RSA')
}
