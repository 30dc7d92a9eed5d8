import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Fetch } from './fetch.ts'

/**
 * A mirror of Fedora as the host's own configuration leads to it: stock hosts name no mirror but a metalink, which
 * answers with a list of mirrors, the nearest first. Null when the host has no such configuration, or the list is empty.
 */
export async function mirrorByMetalink(release: string, fetch: Fetch, root = '/'): Promise<string | null> {
  const text = await readFile(join(root, 'etc/yum.repos.d/fedora.repo'), 'utf8').catch(() => '')
  const metalink = /^\s*metalink\s*=\s*(\S+)/m.exec(text)?.[1]
  if (metalink === undefined) return null
  const repository = release === 'rawhide' ? 'rawhide' : `fedora-${release}`
  const address = metalink.replace('fedora-$releasever', repository).replace('$basearch', 'x86_64')
  const response = await fetch(address, { method: 'GET', signal: AbortSignal.timeout(30_000) })
  if (!response.ok) throw new Error(`${address}: the server answers ${String(response.status)}`)
  const found = (await response.text()).matchAll(/<url[^>]*>\s*(https?:\/\/[^<\s]+?)\/linux\/[^<\s]+<\/url>/g)
  return [...found][0]?.[1] ?? null
}
