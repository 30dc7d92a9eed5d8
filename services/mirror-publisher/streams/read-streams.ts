import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readIfThere } from '#files/durable.ts'
import { PermanentError } from '#service/errors.ts'
import { nothingIfMissing } from '#files/errors.ts'
import type { IndexMemory } from '../memory.ts'
import { rememberedOf } from './remembered.ts'
import { simplestreamsIndex } from './simplestreams.ts'
import {
  dropSchemaPath,
  lineOf,
  parseIndexedDrop,
  parseStreamIndex,
  streamSchemaPath,
  type IndexedDrop,
  type ListedDrop,
  type StreamDocument,
} from './stream-document.ts'

/**
 * Reads every stream of a mirror. Throws PermanentError when one cannot be read, or is gone while an index still names it:
 * indexes made without it would lack all of its drops. What has not changed since the last time is the same object.
 */
export async function readStreams(root: string, memory: IndexMemory): Promise<StreamDocument[]> {
  const folder = join(root, 'streams')
  const names = (await readdir(folder).catch(nothingIfMissing)).filter(
    (name) => name.endsWith('.json') && !schemas.has(`streams/${name}`),
  )
  const documents = await Promise.all(names.toSorted().map((name) => readStream(root, `streams/${name}`, memory)))
  const known = new Set(documents.map(({ stream }) => stream))
  const gone = (await indexedStreams(root, memory)).find((stream) => !known.has(stream))
  if (gone === undefined) return documents
  throw new PermanentError(
    'environment',
    `streams/${gone}.json is gone, and ${simplestreamsIndex}.json names it: restore it`,
  )
}

const schemas: ReadonlySet<string> = new Set([streamSchemaPath, dropSchemaPath])

async function readStream(root: string, path: string, memory: IndexMemory): Promise<StreamDocument> {
  const { streams } = rememberedOf(memory)
  const before = streams.get(path)
  const found = await memory.read(join(root, path))
  if (before && found === before.text) return before.document
  try {
    const { stream, updated, drops } = parseStreamIndex(found?.text ?? '')
    const known = new Map(before?.document.drops.map((drop) => [lineOf(stream, drop), drop]))
    const read = await Promise.all(
      drops.map(async (one) => known.get(JSON.stringify(one)) ?? (await readDrop(root, one, memory))),
    )
    // A change that was cut short is in the document of its drop already.
    const newest = read.reduce((last, drop) => (drop.updated > last ? drop.updated : last), updated)
    const document = { stream, updated: newest, drops: read }
    if (found) streams.set(path, { text: found, document })
    return document
  } catch (error) {
    if (error instanceof PermanentError) throw error
    throw new PermanentError('environment', `${join(root, path)} is no stream document: restore it`, { cause: error })
  }
}

async function readDrop(root: string, { document }: ListedDrop, memory: IndexMemory): Promise<IndexedDrop> {
  try {
    const drop = parseIndexedDrop(String(await readIfThere(join(root, document))))
    rememberedOf(memory).stored.add(drop)
    return drop
  } catch (error) {
    throw new PermanentError('environment', `${document} is gone, or is no document of a drop: restore it`, {
      cause: error,
    })
  }
}

/** Streams by the name of the content that simplestreams calls them: `imagedrop:Fedora-43:downloads`. */
async function indexedStreams(root: string, memory: IndexMemory): Promise<string[]> {
  const found = await memory.read(join(root, `${simplestreamsIndex}.json`))
  if (found === null) return []
  const { index } = JSON.parse(found.text) as { index: Record<string, unknown> }
  return Object.keys(index).map((contentId) => contentId.split(':')[1] ?? contentId)
}
