import { posix } from 'node:path'
import type { DropKind } from '#events/vocabulary.ts'
import type { IndexedDrop, StreamDocument } from './stream-document.ts'

/** A link to the newest open drop: relative to the mirror root, its target relative to the folder that it is in. */
export interface LatestLink {
  readonly path: string
  /** Null when no drop of the kind is open, so that there is to be no link. */
  readonly target: string | null
}

/** `streams/latest/<stream>.json`: the newest open drop of each kind, whole. For readers that follow no links. */
export function formatLatest({ stream, drops }: StreamDocument): string {
  const newest = Object.fromEntries(kinds.map((kind) => [kind, newestOf(drops, kind) ?? null]))
  return `${JSON.stringify({ format: 'imagedrop-latest:1', stream, newest }, null, 2)}\n`
}

/**
 * The links beside the scratch drops of a stream: `alt/cloud/weekly/latest-Fedora-Rawhide`. A milestone has one place for
 * all its candidates, so nothing needs to lead there.
 */
export function latestLinks({ stream, drops }: StreamDocument): LatestLink[] {
  const scratch = kinds.filter((kind) => kind !== 'milestone')
  return scratch.flatMap((kind) => {
    const folder = drops.find((drop) => drop.kind === kind && drop.path !== null)?.path
    if (folder === undefined || folder === null) return []
    const target = newestOf(drops, kind)?.path
    return [
      {
        path: `${posix.dirname(folder)}/latest-${stream}`,
        target: target === undefined || target === null ? null : posix.basename(target),
      },
    ]
  })
}

const kinds: readonly DropKind[] = ['milestone', 'weekly', 'nightly']

function newestOf(drops: readonly IndexedDrop[], kind: DropKind): IndexedDrop | undefined {
  return drops.find((drop) => drop.kind === kind && drop.state === 'blessed')
}
