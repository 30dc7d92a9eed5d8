import { nameDrop } from '../naming/name-drop.ts'
import { subvariantOf } from '../naming/subvariant.ts'
import type { IndexedDrop, StreamDocument } from './stream-document.ts'
import { productmdArch } from '../indexes/images-index.ts'

/**
 * The newest open milestone of each release in the form of Fedora's releases.json, which its website and those who copy
 * it read. Links are absolute when the public address of the mirror is known, else relative to the mirror root.
 */
export function formatReleases(documents: readonly StreamDocument[], publicUrl: string | null): string {
  const entries = documents.flatMap(({ drops }) => {
    const newest = drops.find(({ kind, state }) => kind === 'milestone' && state === 'blessed')
    return newest ? entriesOf(newest, publicUrl) : []
  })
  return `${JSON.stringify(entries, null, 2)}\n`
}

/** Formats that releases.json has links to. */
const linked = new Set(['qcow2', 'raw.xz'])

function entriesOf(drop: IndexedDrop, publicUrl: string | null): object[] {
  const { compose, milestone } = drop
  const version = milestone === 'Final' || milestone === null ? compose.version : `${compose.version} ${milestone}`
  const { variant } = nameDrop({ ...drop, compose: { ...compose, location: '', incomplete: false } })
  return drop.images.flatMap(({ flavour, architecture, files }) =>
    files
      .filter(({ type }) => linked.has(type))
      .map(({ path, sha256, size }) => ({
        version,
        arch: productmdArch(architecture),
        link: publicUrl === null ? path : new URL(path, publicUrl).href,
        variant,
        subvariant: subvariantOf(flavour),
        sha256,
        size: String(size),
      })),
  )
}
