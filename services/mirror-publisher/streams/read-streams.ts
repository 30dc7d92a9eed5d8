import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readIfThere } from '#files/durable.ts'
import { PermanentError } from '#service/errors.ts'
import { isMissing } from '../durable.ts'
import type { IndexMemory, IndexText } from '../memory.ts'
import { simplestreamsIndex } from './simplestreams.ts'
import { parseStreamDocument, streamSchemaPath, type StreamDocument } from './stream-document.ts'

/**
 * Reads every stream document of a mirror. Throws PermanentError when one cannot be read, or is gone while an index still
 * names its stream: indexes made without it would lack all of its drops.
 */
export async function readStreams(root: string, memory: IndexMemory): Promise<StreamDocument[]> {
  const folder = join(root, 'streams')
  const names = (await namesIn(folder)).filter(
    (name) => name.endsWith('.json') && streamSchemaPath !== `streams/${name}`,
  )
  const documents = await Promise.all(names.toSorted().map((name) => readStream(join(folder, name), memory)))
  const known = new Set(documents.map(({ stream }) => stream))
  const gone = (await indexedStreams(root)).find((stream) => !known.has(stream))
  if (gone === undefined) return documents
  throw new PermanentError(
    'environment',
    `streams/${gone}.json is gone, and ${simplestreamsIndex}.json names it: restore it`,
  )
}

/** Nobody changes a document, so one is parsed once. */
const parsed = new WeakMap<IndexText, StreamDocument>()

async function readStream(path: string, memory: IndexMemory): Promise<StreamDocument> {
  const found = await memory.read(path)
  try {
    const document = (found && parsed.get(found)) ?? parseStreamDocument(found?.text ?? '')
    if (found) parsed.set(found, document)
    return document
  } catch (error) {
    throw new PermanentError('environment', `${path} is no stream document: restore it`, { cause: error })
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

/** Streams by the name of the content that simplestreams calls them: `imagedrop:Fedora-43:downloads`. */
async function indexedStreams(root: string): Promise<string[]> {
  const text = await readIfThere(join(root, `${simplestreamsIndex}.json`))
  if (text === null) return []
  const { index } = JSON.parse(text.toString('utf8')) as { index: Record<string, unknown> }
  return Object.keys(index).map((contentId) => contentId.split(':')[1] ?? contentId)
}
