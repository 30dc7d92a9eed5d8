import { createPublicKey, X509Certificate } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openCloudKey } from './cloud-key.ts'

it('is made once, and has a certificate that it signs itself', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-eucalyptus-key-'))
  const first = await openCloudKey(join(folder, 'key.pem'))
  const certificate = new X509Certificate(first.certificate)
  expect(certificate.verify(createPublicKey(first.privateKey))).toBe(true)
  expect(certificate.checkPrivateKey(first.privateKey)).toBe(true)
  expect((await openCloudKey(join(folder, 'key.pem'))).certificate).toBe(first.certificate)
  await rm(folder, { recursive: true })
})
