import { PermanentError } from '#service/errors.ts'
import type { Connection } from './connection.ts'
import { failureOf } from './failure.ts'
import { elementsAt, parseXml, textWithin } from '#markup/xml.ts'

/** The certificate that the cloud has bundles encrypted for, from its bootstrap service, in PEM. */
export async function fetchCloudCertificate(connection: Connection, url: URL, signal: AbortSignal): Promise<string> {
  const asked = { Action: 'DescribeServiceCertificates', Version: 'eucalyptus', Format: 'pem' }
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const body = new URLSearchParams(asked).toString()
  const reply = await connection.ask({ service: 'bootstrap', method: 'POST', url, headers, body }, signal)
  const root = reply.status === 200 ? parseXml(reply.text) : null
  if (root === null) throw failureOf(connection, 'asking for the certificate of the cloud', reply)
  const found = elementsAt(root, 'serviceCertificates')
    .flatMap(({ children }) => children)
    .find(
      (one) => textWithin(one, 'serviceType') === 'compute' && textWithin(one, 'certificateUsage') === 'image-bundling',
    )
  const certificate = found === undefined ? null : textWithin(found, 'certificate')
  if (certificate !== null) return certificate
  throw new PermanentError('environment', `${connection.place}: the cloud tells no certificate for bundles`)
}
