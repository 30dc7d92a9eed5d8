import { z } from 'zod'
import { PermanentError } from '#service/errors.ts'
import type { CloudAuth, CloudEntry } from './clouds-file.ts'
import { failureOf } from './failure.ts'
import type { Reply, Send } from '#publishing/http.ts'

/** What a token is good for. */
export interface Authorized {
  readonly token: string
  readonly expires: Date
  /** Project that owns what we make. */
  readonly project: string
  /** Where a service answers, with its version: `https://glance.example.org/v2`. Throws PermanentError when it does not. */
  readonly addressOf: (service: Service) => string
}

/** The services of a cloud that we speak to. */
export type Service = 'image' | 'compute'

const answer = z.object({
  token: z.object({
    expires_at: z.string().transform((text) => new Date(text)),
    project: z.object({ id: z.string() }),
    catalog: z
      .array(
        z.object({
          type: z.string(),
          endpoints: z.array(
            z.object({ interface: z.string(), url: z.string(), region_id: z.string().nullable().optional() }),
          ),
        }),
      )
      .default([]),
  }),
})

/**
 * Gets a token of Keystone v3 for a project (docs.openstack.org/api-ref/identity/v3, "Authentication and token
 * management"): by password, or by an application credential, which has its project in itself and may not name one.
 */
export async function authorize(
  place: string,
  cloud: CloudEntry,
  region: string | null,
  send: Send,
  signal: AbortSignal,
): Promise<Authorized> {
  const reply = await send(
    {
      method: 'POST',
      url: `${versioned(cloud.auth.auth_url, 'v3')}/auth/tokens`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ auth: authOf(place, cloud) }),
    },
    signal,
  )
  if (reply.status !== 201) throw failureOf(`${place}: a token of Keystone`, reply, adviceOf(reply))
  const token = reply.headers['x-subject-token']
  const parsed = answer.safeParse(JSON.parse(reply.text))
  if (!parsed.success || typeof token !== 'string')
    throw new PermanentError('refused', `${place}: Keystone gave no token for a project: check project_name`)
  const { expires_at: expires, project, catalog } = parsed.data.token
  const addressOf = (service: Service) => {
    const own = cloud[`${service}_endpoint_override`]
    return withVersion[service](
      own ??
        endpointOf({ place, catalog, service, wanted: cloud.interface, region: region ?? cloud.region_name ?? null }),
    )
  }
  return { token, expires, project: project.id, addressOf }
}

const withVersion: Readonly<Record<Service, (url: string) => string>> = {
  image: (url) => versioned(url, 'v2'),
  // A catalog of old has the project behind the version.
  compute: (url) => {
    const plain = url.replace(/\/+$/, '')
    return /\/v2(\.1)?(\/|$)/.test(plain) ? plain.replace(/\/v2(?=\/|$)/, '/v2.1') : `${plain}/v2.1`
  },
}

function authOf(place: string, { auth, auth_type: type }: CloudEntry): object {
  const { application_credential_secret: secret, application_credential_id: id } = auth
  if (secret !== undefined || type === 'v3applicationcredential') {
    if (secret === undefined) throw lacks(place, 'application_credential_secret')
    const name = auth.application_credential_name
    if (id === undefined && name === undefined) throw lacks(place, 'application_credential_id')
    const credential = id === undefined ? { name, user: userOf(place, auth) } : { id }
    return { identity: { methods: ['application_credential'], application_credential: { ...credential, secret } } }
  }
  if (auth.password === undefined) throw lacks(place, 'password')
  const user = { ...userOf(place, auth), password: auth.password }
  return { identity: { methods: ['password'], password: { user } }, scope: { project: projectOf(place, auth) } }
}

function userOf(place: string, auth: CloudAuth): object {
  if (auth.user_id !== undefined) return { id: auth.user_id }
  if (auth.username === undefined) throw lacks(place, 'username')
  return { name: auth.username, domain: domain(auth.user_domain_id, auth.user_domain_name) }
}

function projectOf(place: string, auth: CloudAuth): object {
  if (auth.project_id !== undefined) return { id: auth.project_id }
  if (auth.project_name === undefined) throw lacks(place, 'project_name')
  return { name: auth.project_name, domain: domain(auth.project_domain_id, auth.project_domain_name) }
}

function domain(id: string | undefined, name: string | undefined): object {
  return id === undefined && name !== undefined ? { name } : { id: id ?? 'default' }
}

interface Wanted {
  readonly place: string
  readonly catalog: z.infer<typeof answer>['token']['catalog']
  readonly service: Service
  readonly wanted: string
  readonly region: string | null
}

function endpointOf({ place, catalog, service, wanted, region }: Wanted): string {
  const all = catalog.filter(({ type }) => type === service).flatMap(({ endpoints }) => endpoints)
  const found = all.filter((one) => one.interface === wanted && (region === null || one.region_id === region))
  const [endpoint] = found
  if (endpoint !== undefined && found.length === 1) return endpoint.url
  const regions = [...new Set(all.filter((one) => one.interface === wanted).map((one) => String(one.region_id)))]
  const what =
    region === null
      ? `${String(found.length)} ${wanted} ${service} services`
      : `no ${wanted} ${service} service in ${region}`
  throw new PermanentError(
    'environment',
    `${place}: the catalog has ${what}; regions are ${regions.join(', ') || 'none'}`,
  )
}

/** A catalog, and people, write an address with and without its version. */
function versioned(url: string, version: string): string {
  return `${url.replace(/\/+$/, '').replace(/\/v\d+(\.\d+)?$/, '')}/${version}`
}

/** An application credential that was deleted is not refused but not found. */
function adviceOf({ status }: Reply): string | undefined {
  if (status === 401) return 'check user and password, or the application credential, in clouds.yaml'
  return status === 404 ? 'was the application credential deleted, or is auth_url not Keystone v3?' : undefined
}

function lacks(place: string, key: string): PermanentError {
  return new PermanentError('environment', `${place}: clouds.yaml lacks auth.${key}`)
}
