import { formatLatest, latestLinks, type LatestLink } from './latest.ts'
import { formatReleases } from './releases.ts'
import {
  formatProducts,
  formatSimplestreamsIndex,
  productsOf,
  simplestreamsIndex,
  type ProductsFile,
} from './simplestreams.ts'
import {
  dropSchemaPath,
  formatDropSchema,
  formatStreamIndex,
  formatStreamSchema,
  streamPathOf,
  streamSchemaPath,
  type StreamDocument,
} from './stream-document.ts'

/** All indexes of the mirror but the documents of single drops, as they are to be. */
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
  const rendered = documents.map(renderOnce)
  const products = rendered.flatMap((one) => one.products)
  return {
    files: [
      ...schemas,
      ...rendered.flatMap(({ files }) => files),
      plain('releases.json', formatReleases(documents, publicUrl)),
      signable(
        simplestreamsIndex,
        formatSimplestreamsIndex(products, 'json'),
        formatSimplestreamsIndex(products, 'sjson'),
      ),
    ],
    links: documents.flatMap(latestLinks),
  }
}

const schemas = [plain(streamSchemaPath, formatStreamSchema()), plain(dropSchemaPath, formatDropSchema())]

interface RenderedStream {
  readonly products: readonly ProductsFile[]
  readonly files: readonly IndexFile[]
}

/** Most streams are as they were at the change before, and then so are their files. */
const known = new WeakMap<StreamDocument, RenderedStream>()

function renderOnce(document: StreamDocument): RenderedStream {
  const before = known.get(document)
  if (before) return before
  const products = productsOf(document)
  const files = [
    plain(streamPathOf(document.stream), formatStreamIndex(document)),
    plain(`streams/latest/${document.stream}.json`, formatLatest(document)),
    ...products.map((file) => signable(file.path, formatProducts(file))),
  ]
  known.set(document, { products, files })
  return { products, files }
}

function plain(path: string, text: string): IndexFile {
  return { path, text, signed: null }
}

function signable(path: string, text: string, signedText = text): IndexFile {
  return { path: `${path}.json`, text, signed: { path: `${path}.sjson`, text: signedText } }
}
