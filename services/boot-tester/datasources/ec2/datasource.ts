import type { CloudIdentity, DataSource, Instance } from '../datasource.ts'
import { serveCloud } from '../http/serve-cloud.ts'
import { ec2IdOf, uuidOf } from '../ids.ts'
import { imdsAnswers, type Tokens } from './imds.ts'

const addresses = ['169.254.169.254', 'fd00:ec2::254']

/** EC2 as new accounts have it: metadata only with a token. */
export const ec2 = ec2With('required', 'ec2')
/** EC2 as older images are registered: with a token or without. */
export const ec2Optional = ec2With('optional', 'ec2-v1-and-v2')
/** Eucalyptus, and what guests of EC2's first years met: no tokens, and no firmware that says where it is. */
export const ec2Old: DataSource = {
  name: 'ec2-v1',
  reportedAs: /DataSourceEc2/,
  idOf: ({ id }) => ec2IdOf(id),
  open: (instance, folder) =>
    serveCloud({
      identity: {},
      services: [{ addresses: addresses.slice(0, 1), port: 80, answers: imdsAnswers(instance, 'none') }],
      folder,
    }),
}

function ec2With(tokens: Tokens, name: string): DataSource {
  return {
    name,
    reportedAs: /DataSourceEc2/,
    idOf: ({ id }) => ec2IdOf(id),
    open: (instance, folder) =>
      serveCloud({
        identity: ec2Identity(instance),
        services: [{ addresses, port: 80, answers: imdsAnswers(instance, tokens) }],
        folder,
      }),
  }
}

/** Guests look for a UUID that begins with "ec2"; older ones want the serial number to be the same, in lower case. */
function ec2Identity({ id }: Instance): CloudIdentity {
  const uuid = `ec2${uuidOf(id).slice(3)}`
  return { manufacturer: 'Amazon EC2', product: 't3.micro', uuid, serial: uuid }
}
