import type { Instance } from '../datasource.ts'
import { json, refuse, text, type Answer, type Answers } from '../http/answer.ts'
import { numberOf } from '../ids.ts'
import { guestMac } from '../guest-network.ts'

/** A value, or a folder. */
type Entry = string | number | boolean | readonly Entry[] | { readonly [name: string]: Entry }

const project = 'boot-test'
const zone = 'projects/123456789012/zones/us-central1-a'
const flavour = { 'metadata-flavor': 'Google', server: 'Metadata Server for VM', 'x-xss-protection': '0' }

/**
 * Compute Engine's metadata server ("About VM metadata", "View and query VM metadata"): every request names the flavour
 * and came through no proxy (403), folders end in a slash (301), `recursive` gives all that is below as JSON.
 */
export function gceAnswers(instance: Instance): Answers {
  const root = { computeMetadata: { v1: metadata(instance) } }
  return ({ method, path, query, headers }) => {
    if (method !== 'GET' && method !== 'HEAD') return flavoured(refuse(405))
    // Clients look whether anybody is there at all without knowing the flavour yet.
    if (path === '/') return flavoured(text('computeMetadata/\n'))
    if (headers['metadata-flavor'] !== 'Google') return flavoured(refuse(403, 'Missing Metadata-Flavor:Google header.'))
    if (headers['x-forwarded-for'] !== undefined) return flavoured(refuse(403))
    const names = path.split('/').filter((name) => name !== '')
    const entry = descend(root, names)
    if (entry === undefined) return flavoured(refuse(404))
    if (typeof entry !== 'object') return flavoured(query.get('alt') === 'json' ? json(entry) : text(String(entry)))
    if (!path.endsWith('/')) return flavoured(refuse(301, '', { location: `${path}/${searchOf(query)}` }))
    const below = names.at(-1) === 'attributes' ? entry : inCamelCase(entry)
    const isRecursive = query.get('recursive')?.toLowerCase() === 'true'
    return flavoured(isRecursive || query.get('alt') === 'json' ? json(below) : text(list(entry)))
  }
}

function metadata({ id, hostname, publicKey, userData }: Instance): Entry {
  const card = {
    mac: guestMac,
    ip: '10.0.2.15',
    gateway: '10.0.2.2',
    network: 'projects/123456789012/networks/default',
  }
  return {
    instance: {
      // Whoever has this name in front of a key may log in as the image's default user.
      attributes: { 'ssh-keys': `cloudinit:${publicKey}`, 'user-data': userData },
      hostname: `${hostname}.us-central1-a.c.${project}.internal`,
      id: numberOf(id),
      'machine-type': 'projects/123456789012/machineTypes/e2-small',
      name: hostname,
      'network-interfaces': [card],
      'service-accounts': { default: { aliases: ['default'], email: 'default', scopes: [] } },
      tags: [],
      zone,
    },
    project: { attributes: {}, 'numeric-project-id': 123456789012, 'project-id': project },
  }
}

function descend(entry: Entry, names: readonly string[]): Entry | undefined {
  let found: Entry = entry
  for (const name of names) {
    if (typeof found !== 'object' || !Object.hasOwn(found, name)) return undefined
    // Of a list, the names are its numbers.
    found = Object.entries(found).find(([one]) => one === name)?.[1] as Entry
  }
  return found
}

function list(folder: object): string {
  return Object.entries(folder)
    .map(([name, value]) => `${name}${typeof value === 'object' ? '/' : ''}\n`)
    .join('')
}

/** As JSON, names are written `likeThis`; those of attributes are the user's, and stay. */
function inCamelCase(entry: Entry): Entry {
  if (typeof entry !== 'object') return entry
  if (isList(entry)) return entry.map(inCamelCase)
  return Object.fromEntries(
    Object.entries(entry).map(([name, value]) => [
      name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase()),
      name === 'attributes' ? value : inCamelCase(value),
    ]),
  )
}

function isList(entry: Entry): entry is readonly Entry[] {
  return Array.isArray(entry)
}

function searchOf(query: URLSearchParams): string {
  return query.size === 0 ? '' : `?${query.toString()}`
}

function flavoured(answer: Answer): Answer {
  const isText = answer.headers?.['content-type'] === 'text/plain'
  return {
    ...answer,
    headers: { ...answer.headers, ...(isText ? { 'content-type': 'application/text' } : {}), ...flavour },
  }
}
