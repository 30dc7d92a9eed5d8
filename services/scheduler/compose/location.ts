import { resolve } from 'node:path'
import { refused } from './refused.ts'

/**
 * The location of a compose in its normal form. Throws Refused, naming the field that holds it, unless it lies under one
 * of the allowed URL prefixes and folders; what is compared is what a client would open, not what was written.
 */
export function assertAllowedLocation(location: string, allowed: readonly string[], field = 'location'): string {
  const normal = normalise(location)
  if (normal === null) {
    const form = 'expected an http(s) URL or an absolute folder, without user, query or escaped separators'
    throw refused(field, location, form)
  }
  if (!allowed.some((prefix) => isUnder(normal, normalise(prefix)))) {
    throw refused(field, location, `it is not under an allowed location; allowed are ${allowed.join(', ') || 'none'}`)
  }
  return normal
}

/** Dots are resolved, also when they are escaped; anything that two programs may read differently is no location. */
function normalise(location: string): string | null {
  if (/[\p{Cc}\s\\]/u.test(location)) return null
  if (location.startsWith('/')) return /^\/\/|[%?#]/.test(location) ? null : withoutSlash(resolve(location))
  if (!/^(https?|file):\/\/[^/]|^file:\/\/\//i.test(location) || /%(2f|5c|00|25)/i.test(location)) return null
  const url = URL.canParse(location) ? new URL(location) : null
  if (!url || url.username || url.password || url.search || url.hash) return null
  if (url.protocol === 'file:') return url.host ? null : normalise(url.pathname)
  return withoutSlash(url.href)
}

function withoutSlash(location: string): string {
  return location.replace(/\/+$/, '')
}

function isUnder(location: string, prefix: string | null): boolean {
  return prefix !== null && (location === prefix || location.startsWith(`${prefix}/`))
}
