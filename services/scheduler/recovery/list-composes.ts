import { readdir } from 'node:fs/promises'
import { readComposeId, type ComposeId } from '../compose/compose-id.ts'
import { realAllowed, type ReadPlace } from '../compose/read-place.ts'
import { compareAge } from '../stream/age.ts'

/** The names of a folder's composes, from its HTML index or from the disk: those of a day and later, newest first. */
export async function listComposes(
  folder: string,
  { read, allowed, oldest }: { read: ReadPlace; allowed: readonly string[]; oldest: string },
  signal: AbortSignal,
): Promise<string[]> {
  const names = folder.startsWith('/')
    ? await readdir(await realAllowed(folder, allowed))
    : linksOf((await read(`${folder}/`, signal))?.bytes.toString('utf8') ?? '')
  return [...new Set(names)]
    .map((name) => ({ name, id: readComposeId(name) }))
    .filter((one): one is { name: string; id: ComposeId } => one.id !== null && one.id.date >= oldest)
    .toSorted((one, other) => compareAge(other.id, one.id))
    .map(({ name }) => name)
}

/** Apache, nginx and lighttpd all write relative links, a folder's with a slash; a compose id needs no decoding. */
function linksOf(html: string): string[] {
  return [...html.matchAll(/<a\s[^>]*href=["'](?:\.\/)?([A-Za-z0-9._-]+)\/["']/gi)].map((match) => match[1] ?? '')
}
