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

interface NewUser extends Pick<Account, 'user' | 'password'> {
  readonly projectId: string
}

/** Speaks to Keystone as its administrator. */
export interface Administrator {
  /** Makes a user with a project of its own, and gives their ids. */
  readonly addAccount: (account: Account, role?: 'member' | 'admin') => Promise<AccountIds>
  /** A path is one of Keystone's; other services are asked by their whole address. */
  readonly ask: (
    method: string,
    path: string,
    body?: object,
    token?: string,
  ) => Promise<{ body: unknown; token: string }>
}

/** A service as the catalog names it: its account is called as it is. */
export interface CatalogEntry {
  readonly name: string
  readonly type: string
  readonly url: string
}

/** Makes what services need in a new Keystone: a project, an account each, and their endpoints. */
export async function setUpAccounts(keystone: string, services: readonly CatalogEntry[]): Promise<Administrator> {
  const { make, addUser, ...administrator } = await logIn(keystone)
  const projectId = await make('project', { name: 'service', domain_id: 'default' })
  for (const { name, type, url } of services) {
    await addUser({ user: name, password: servicePassword, projectId }, 'admin')
    const service = await make('service', { type, name })
    await make('endpoint', { service_id: service, interface: 'public', url, region_id: 'RegionOne' })
  }
  return administrator
}

/** Speaks to a Keystone that has been set up. */
export async function administratorOf(keystone: string): Promise<Administrator> {
  const { addAccount, ask } = await logIn(keystone)
  return { addAccount, ask }
}

async function logIn(keystone: string) {
  let admin = ''
  async function ask(method: string, path: string, body?: object, token = admin) {
    const response = await fetch(path.startsWith('/') ? `${keystone}${path}` : path, {
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

  async function addUser({ user, password, projectId }: NewUser, role: 'member' | 'admin') {
    const userId = await make('user', { name: user, password, domain_id: 'default' })
    await ask('PUT', `/projects/${projectId}/users/${userId}/roles/${roles.get(role) ?? ''}`)
    return { userId, projectId }
  }
  async function addAccount({ user, password, project }: Account, role: 'member' | 'admin' = 'member') {
    const projectId = await make('project', { name: project, domain_id: 'default' })
    return await addUser({ user, password, projectId }, role)
  }
  return { ask, make, addUser, addAccount }
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

/** A clouds.yaml with one cloud, as an account sees it. */
export function cloudsYaml(name: string, keystone: string, account: Account): string {
  return `clouds:\n${cloudEntry(name, { keystone }, account)}`
}

/** An entry of clouds.yaml. */
export function cloudEntry(
  name: string,
  { keystone, glance }: { readonly keystone: string; readonly glance?: string },
  { user, password, project }: Account,
): string {
  return `  ${name}:
    auth:
      auth_url: ${keystone}
      username: ${user}
      password: ${password}
      project_name: ${project}
      user_domain_name: Default
      project_domain_name: Default
    region_name: RegionOne
    identity_api_version: 3
${glance === undefined ? '' : `    image_endpoint_override: ${glance}\n`}`
}
