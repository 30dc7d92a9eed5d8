import { resolve } from 'node:path'
import { PermanentError } from '#service/errors.ts'

/**
 * The location of a compose in its normal form. Throws PermanentError (refused) naming the value unless it lies under
 * one of the allowed URL prefixes and folders; what is compared is what a client would open, not what was written.
 */
export function assertAllowedLocation(location: string, allowed: readonly string[]): string {
  const normal = normalise(location)
  if (normal === null) {
    throw refused(location, 'expected an http(s) URL or an absolute folder, without user, query or escaped separators')
  }
  if (!allowed.some((prefix) => isUnder(normal, normalise(prefix)))) {
    throw refused(location, `it is not under an allowed location; allowed are ${allowed.join(', ') || 'none'}`)
  }
  return normal
}

function refused(location: string, why: string): PermanentError {
  return new PermanentError('refused', `location: ${why}, got ${JSON.stringify(location.slice(0, 500))}`)
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
