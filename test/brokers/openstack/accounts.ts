import { adminPassword, servicePassword } from './settings.ts'

/** An account that tests publish with: role `member` in a project of its own. */
export interface Account {
  readonly user: string
  readonly password: string
  readonly project: string
}

export interface AccountIds {
  readonly userId: string
  readonly projectId: string
}

/** Keystone's own answers, as far as this set-up reads them. */
interface Made {
  readonly id: string
}

/** Speaks to Keystone as its administrator. */
export interface Administrator {
  /** Makes a user with a project of its own, and gives their ids. */
  readonly addAccount: (account: Account, role?: 'member' | 'admin') => Promise<AccountIds>
  readonly ask: (
    method: string,
    path: string,
    body?: object,
    token?: string,
  ) => Promise<{ body: unknown; token: string }>
}

/** Makes what Glance needs in a new Keystone: its project, its user and its endpoint. */
export async function setUpAccounts(keystone: string, glance: string): Promise<Administrator> {
  let admin = ''
  async function ask(method: string, path: string, body?: object, token = admin) {
    const response = await fetch(`${keystone}${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...(token === '' ? {} : { 'x-auth-token': token }) },
      signal: AbortSignal.timeout(60_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${String(response.status)} ${text}`)
    return {
      body: text === '' ? null : (JSON.parse(text) as unknown),
      token: response.headers.get('x-subject-token') ?? '',
    }
  }
  const make = async (kind: string, value: object) => {
    const { body } = await ask('POST', `/${kind}s`, { [kind]: value })
    return (body as Record<string, Made>)[kind]?.id ?? ''
  }
  admin = (await ask('POST', '/auth/tokens', passwordOf({ user: 'admin', password: adminPassword, project: 'admin' })))
    .token
  const { body } = await ask('GET', '/roles')
  const roles = new Map((body as { roles: { name: string; id: string }[] }).roles.map(({ name, id }) => [name, id]))

  async function addAccount({ user, password, project }: Account, role: 'member' | 'admin' = 'member') {
    const projectId = await make('project', { name: project, domain_id: 'default' })
    const userId = await make('user', { name: user, password, domain_id: 'default' })
    await ask('PUT', `/projects/${projectId}/users/${userId}/roles/${roles.get(role) ?? ''}`)
    return { userId, projectId }
  }
  await addAccount({ user: 'glance', password: servicePassword, project: 'service' }, 'admin')
  const service = await make('service', { type: 'image', name: 'glance' })
  await make('endpoint', { service_id: service, interface: 'public', url: glance, region_id: 'RegionOne' })
  return { addAccount, ask }
}

/** What asks for a token by a password. */
export function passwordOf({ user, password, project }: Account): object {
  const domain = { id: 'default' }
  return {
    auth: {
      identity: { methods: ['password'], password: { user: { name: user, domain, password } } },
      scope: { project: { name: project, domain } },
    },
  }
}
