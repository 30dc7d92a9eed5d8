import { formatLatest, latestLinks, type LatestLink } from './latest.ts'
import { formatReleases } from './releases.ts'
import { formatProducts, formatSimplestreamsIndex, productsOf, simplestreamsIndex } from './simplestreams.ts'
import { formatStreamDocument, formatStreamSchema, streamSchemaPath, type StreamDocument } from './stream-document.ts'

/** All indexes of the mirror, as they are to be. */
export interface RenderedIndexes {
  /** In the order in which they go in place: what names others comes after them. */
  readonly files: readonly IndexFile[]
  readonly links: readonly LatestLink[]
}

export interface IndexFile {
  /** Relative to the mirror root. */
  readonly path: string
  readonly text: string
  /** What is clear-signed, beside it under another name, when there is a key. */
  readonly signed: { readonly path: string; readonly text: string } | null
}

/** Makes every index of the whole mirror from its stream documents. */
export function renderIndexes(documents: readonly StreamDocument[], publicUrl: string | null): RenderedIndexes {
  const products = documents.flatMap(productsOf)
  const plain = (path: string, text: string): IndexFile => ({ path, text, signed: null })
  const signable = (path: string, render: (ending: 'json' | 'sjson') => string): IndexFile => ({
    path: `${path}.json`,
    text: render('json'),
    signed: { path: `${path}.sjson`, text: render('sjson') },
  })
  return {
    files: [
      plain(streamSchemaPath, formatStreamSchema()),
      ...documents.map((document) => plain(`streams/${document.stream}.json`, formatStreamDocument(document))),
      ...documents.map((document) => plain(`streams/latest/${document.stream}.json`, formatLatest(document))),
      ...products.map((file) => signable(file.path, () => formatProducts(file))),
      plain('releases.json', formatReleases(documents, publicUrl)),
      signable(simplestreamsIndex, (ending) => formatSimplestreamsIndex(products, ending)),
    ],
    links: documents.flatMap(latestLinks),
  }
}
