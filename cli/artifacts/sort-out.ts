import type { ArtifactStock, StoredArtifact } from '#artifacts/store.ts'
import { formatPlan } from '#events/vocabulary.ts'
import { everyEvent } from '#ledger/every-event.ts'
import type { Ledger } from '#ledger/ledger.ts'
import { readEndedDrops, type EndedDrop } from './ended-drops.ts'
import { namedArtifacts } from './named-artifacts.ts'

/** What of a store is needed by whom. */
export interface SortedOut {
  /** Drops that have ended, with the images that no other drop has. */
  readonly ended: readonly (EndedDrop & { readonly images: readonly StoredArtifact[] })[]
  /** What no event names: work that was lost, or of another ledger. */
  readonly unknown: readonly StoredArtifact[]
  /** What is needed. */
  readonly needed: Amount
  /** What may be needed, as an event that names it may be on its way. */
  readonly young: Amount
}

export interface Amount {
  readonly files: number
  readonly bytes: number
}

interface SortOptions {
  /** Nothing that was kept, or ended, later is given up. */
  readonly before: Date
  /** So many of the newest ended drops of each kind in a release keep their images. */
  readonly keep: number
}

/** Disks and the files made of them; the rest is small, and evidence of how they were made and tested. */
const imageFormats = new Set(['raw', ...formatPlan.options.map((one) => one.shape.format.value)])

/**
 * Tells what of a store nobody needs. Everything that an event or a job names is needed, but the images that only drops name that
 * have ended for good.
 */
export async function sortOut(
  ledger: Pick<Ledger, 'events' | 'jobs'>,
  stock: Pick<ArtifactStock, 'list'>,
  { before, keep }: SortOptions,
): Promise<SortedOut> {
  const ended = new Map((await readEndedDrops(ledger, { before, keep })).map((one) => [one.drop, one]))
  const needed = new Set<string>()
  /** By digest, the drop whose images it is of. */
  const ofEnded = new Map<string, string>()
  for await (const { drop, value } of everythingSaid(ledger)) {
    const isOver = drop !== null && ended.has(drop)
    for (const { sha256, format } of namedArtifacts(value)) {
      if (isOver && imageFormats.has(format)) ofEnded.set(sha256, drop)
      else needed.add(sha256)
    }
  }
  const images = new Map<string, StoredArtifact[]>()
  const unknown: StoredArtifact[] = []
  const amounts = { needed: nothing, young: nothing }
  for await (const artifact of stock.list()) {
    const drop = ofEnded.get(artifact.sha256)
    if (needed.has(artifact.sha256)) amounts.needed = plus(amounts.needed, artifact)
    else if (artifact.keptAt >= before) amounts.young = plus(amounts.young, artifact)
    else if (drop === undefined) unknown.push(artifact)
    else images.set(drop, [...(images.get(drop) ?? []), artifact])
  }
  const some = [...ended.values()].flatMap((one) => {
    const own = images.get(one.drop)
    return own ? [{ ...one, images: own }] : []
  })
  return { ended: some.toSorted(firstEnded), unknown, ...amounts }
}

/** Several may end in one millisecond. */
function firstEnded(one: EndedDrop, other: EndedDrop): number {
  return Date.parse(one.endedAt) - Date.parse(other.endedAt) || (one.drop < other.drop ? -1 : 1)
}

const nothing: Amount = { files: 0, bytes: 0 }

function plus({ files, bytes }: Amount, artifact: StoredArtifact): Amount {
  return { files: files + 1, bytes: bytes + artifact.bytes }
}

/** Every event, and what jobs that are not over have kept for themselves. */
async function* everythingSaid(
  ledger: Pick<Ledger, 'events' | 'jobs'>,
): AsyncGenerator<{ readonly drop: string | null; readonly value: unknown }> {
  for (const job of await ledger.jobs({ states: ['queued', 'running', 'waiting', 'quarantined'] })) {
    yield { drop: null, value: job.waited?.state }
  }
  for await (const { envelope } of everyEvent(ledger)) yield { drop: envelope.drop, value: envelope.body }
}
