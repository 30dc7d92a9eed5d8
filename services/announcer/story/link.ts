/** From a path on the mirror to what a reader can follow. */
export type LinkTo = (path: string) => string

/**
 * Links below a base: the mirror's public URL, or a relative one; an empty base leaves the path for people to read.
 * Whatever a path holds, it stays a path: it never becomes another scheme, host, query or markup.
 */
export function linkBelow(base: string): LinkTo {
  const start = base === '' || base.endsWith('/') ? base : `${base}/`
  return (path) => start + path.split('/').filter(isName).map(encodeSegment).join('/')
}

function isName(segment: string): boolean {
  return segment !== '' && segment !== '.' && segment !== '..'
}

function encodeSegment(segment: string): string {
  return encodeURIComponent(segment.toWellFormed()).replaceAll('%2B', '+').replaceAll('%7E', '~')
}
