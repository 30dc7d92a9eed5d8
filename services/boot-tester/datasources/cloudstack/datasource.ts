import type { DataSource, Instance } from '../datasource.ts'
import { refuse, text, type Answers } from '../http/answer.ts'
import { serveCloud } from '../http/serve-cloud.ts'
import { lookUp, type Tree } from '../http/tree.ts'
import { uuidOf } from '../ids.ts'
import { passwordServer } from './password-server.ts'

/** CloudStack: its virtual router is the guest's gateway, and answers for metadata and passwords. */
export const cloudStack: DataSource = {
  name: 'cloudstack',
  reportedAs: /DataSourceCloudStack/,
  idOf: ({ id }) => uuidOf(id),
  setsPassword: true,
  open: (instance, folder) =>
    serveCloud({
      identity: {
        manufacturer: 'Apache Software Foundation',
        product: 'CloudStack KVM Hypervisor',
        uuid: uuidOf(instance.id),
        serial: uuidOf(instance.id),
      },
      services: [
        // Guests ask for "data-server" first, then whoever gave them their lease.
        { addresses: ['router'], port: 80, names: ['data-server'], answers: routerAnswers(instance) },
        { addresses: ['router'], port: 8080, answers: passwordServer(passwordOf(instance)) },
      ],
      folder,
    }),
}

/** The password that the guest is given: as unique as the instance. */
export function passwordOf({ id }: Instance): string {
  return uuidOf(`password of ${id}`)
}

/** The virtual router's metadata (CloudStack's documentation, "User Data and Meta Data via the Virtual Router"). */
export function routerAnswers(instance: Instance): Answers {
  const { id, hostname, publicKey, userData } = instance
  const metadata: Tree = {
    'availability-zone': 'zone-1',
    'cloud-identifier': 'CloudStack-{00000000-0000-4000-8000-000000000000}',
    'instance-id': uuidOf(id),
    'local-hostname': hostname,
    'local-ipv4': '10.0.2.15',
    'public-hostname': hostname,
    'public-keys': publicKey,
    'service-offering': 'Small Instance',
    'vm-id': uuidOf(id),
  }
  return ({ method, path }) => {
    if (method !== 'GET' && method !== 'HEAD') return refuse(405)
    const [, version, category, ...rest] = path.split('/')
    if (version !== 'latest') return refuse(404)
    if (category === 'user-data' && rest.length === 0) return text(userData)
    const value = category === 'meta-data' ? lookUp(metadata, rest.join('/')) : null
    return value === null ? refuse(404) : text(value)
  }
}
