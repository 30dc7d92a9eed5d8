import { createHash } from 'node:crypto'

/** The Message-ID of a drop's announcement: the same whenever it is asked for, so that a copy is seen as a copy. */
export function messageIdOf(drop: string, domain: string): string {
  return `<drop.${dotAtom(drop)}@${domain}>`
}

/** The Message-ID that all announcements of a release answer to. Nobody sends it: it keeps them in one thread. */
export function threadIdOf(release: string, domain: string): string {
  return `<release.${dotAtom(release)}@${domain}>`
}

/** The Message-ID of something else that happens to a drop. */
export function newsIdOf({ drop, id }: { readonly drop: string; readonly id: string }, domain: string): string {
  return `<news.${dotAtom(drop)}.${dotAtom(id)}@${domain}>`
}

/** The Message-ID that all other news of a drop answer to; nobody sends it. */
export function newsThreadOf(drop: string, domain: string): string {
  return `<news.${dotAtom(drop)}@${domain}>`
}

/** What a Message-ID may hold: names that are not so are replaced by their digest. */
function dotAtom(name: string): string {
  if (/^[\w~+-]+(\.[\w~+-]+)*$/.test(name)) return name
  return createHash('sha256').update(name).digest('hex').slice(0, 32)
}
