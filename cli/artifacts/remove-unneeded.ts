import type { ArtifactStock, StoredArtifact } from '#artifacts/store.ts'
import type { SortedOut } from './sort-out.ts'

interface RemoveOptions {
  /** What was kept since stays, though it had been sorted out before. */
  readonly before: Date
  /** What no event names goes too. */
  readonly unknown: boolean
}

/** Removes what nobody needs, one after the other; resolves with what is gone. Throws where the ledger cannot be the store's. */
export async function removeUnneeded(
  { ended, unknown, needed }: SortedOut,
  stock: Pick<ArtifactStock, 'remove'>,
  options: RemoveOptions,
): Promise<StoredArtifact[]> {
  if (options.unknown && unknown.length > 0 && ended.length === 0 && needed.files === 0) {
    throw new Error(`the ledger names none of the ${String(unknown.length)} artifacts in the store, which is another's`)
  }
  const gone: StoredArtifact[] = []
  for (const one of [...ended.flatMap(({ images }) => images), ...(options.unknown ? unknown : [])]) {
    if (await stock.remove(one.sha256, options.before)) gone.push(one)
  }
  return gone
}
