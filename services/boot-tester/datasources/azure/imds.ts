import type { Instance } from '../datasource.ts'
import { json, refuse, text, type Answer, type Answers, type Question } from '../http/answer.ts'
import { guestMac } from '../guest-network.ts'
import { uuidOf } from '../ids.ts'

type Entry = string | boolean | readonly Entry[] | { readonly [name: string]: Entry }

const versions = ['2019-06-01', '2021-03-01', '2021-08-01']

/**
 * Azure's instance metadata service (Azure's documentation, "Azure Instance Metadata Service", "Usage" and "Errors and
 * debugging"): a request has the header `Metadata: true`, came through no proxy, and names a version; else 400.
 */
export function azureImds(instance: Instance): Answers {
  const document = describe(instance)
  return (question) => {
    if (question.method !== 'GET') return refuse(405)
    return refusalOf(question) ?? tell(document, question)
  }
}

function refusalOf({ headers, query }: Question): Answer | null {
  if (headers.metadata !== 'true' || headers['x-forwarded-for'] !== undefined)
    return wrong('Bad request. Required metadata header not specified')
  if (!versions.includes(query.get('api-version') ?? ''))
    return {
      ...json({
        error:
          'Bad request. api-version was not specified in the request. For more information refer to aka.ms/azureimds',
        'newest-versions': versions.toReversed(),
      }),
      status: 400,
    }
  return null
}

function tell(document: Entry, { path, query }: Question): Answer {
  const [service, category, ...names] = path.split('/').filter((name) => name !== '')
  if (service !== 'metadata' || category !== 'instance') return refuse(404)
  let found: Entry = document
  for (const name of names) {
    const next = typeof found === 'object' ? Object.entries(found).find(([one]) => one === name) : undefined
    if (!next) return refuse(404)
    found = next[1]
  }
  if (typeof found === 'object') return json(found)
  // "Missing parameter format=json when querying a leaf node" is what it says; what it wants is text.
  return query.get('format') === 'text' ? text(String(found)) : wrong('Bad request. A leaf node is text')
}

function wrong(error: string): Answer {
  return { ...json({ error }), status: 400 }
}

function describe({ id, hostname, publicKey, userData }: Instance): Entry {
  return {
    compute: {
      azEnvironment: 'AzurePublicCloud',
      location: 'westus',
      name: hostname,
      osProfile: { adminUsername: adminName, computerName: hostname, disablePasswordAuthentication: 'true' },
      osType: 'Linux',
      platformFaultDomain: '0',
      provider: 'Microsoft.Compute',
      publicKeys: [{ keyData: publicKey, path: `/home/${adminName}/.ssh/authorized_keys` }],
      resourceGroupName: 'boot-test',
      subscriptionId: uuidOf('subscription'),
      userData: Buffer.from(userData).toString('base64'),
      vmId: uuidOf(id),
      vmSize: 'Standard_B1s',
    },
    network: {
      interface: [
        {
          ipv4: {
            ipAddress: [{ privateIpAddress: '10.0.2.15', publicIpAddress: '' }],
            subnet: [{ address: '10.0.2.0', prefix: '24' }],
          },
          ipv6: { ipAddress: [] },
          macAddress: guestMac.replaceAll(':', '').toUpperCase(),
        },
      ],
    },
  }
}

/** The user that Azure has the guest make. */
export const adminName = 'azureuser'
