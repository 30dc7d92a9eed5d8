import { simplestreamsPlace } from '../naming/simplestreams-place.ts'
import { recentDrops } from './recent-drops.ts'
import type { IndexedDrop, IndexedImage, StreamDocument } from './stream-document.ts'

/** One file of simplestreams, relative to the mirror root and without `.json` or `.sjson`. */
export interface ProductsFile {
  readonly path: string
  readonly contentId: string
  readonly datatype: 'image-downloads' | 'image-ids'
  readonly updated: string
  readonly products: Readonly<Record<string, Product>>
}

interface Product {
  readonly arch: string
  readonly flavour: string
  readonly os: string
  readonly release: string
  readonly version: string
  readonly release_title: string
  readonly supported: boolean
  readonly versions: Record<string, { readonly label: string; readonly items: Record<string, object> }>
}

/** Where simplestreams clients begin, relative to the mirror root; without `.json` or `.sjson`. */
export const simplestreamsIndex = 'streams/v1/index'

/**
 * The newest open drops of a stream in simplestreams' products:1.0: a file of downloads, and one of identifiers for each target.
 * A stream that had open drops keeps its files when the last one is gone, as clients then see that it is.
 */
export function productsOf(document: StreamDocument): ProductsFile[] {
  if (document.drops.every(({ path }) => path === null)) return []
  const recent = { ...document, drops: recentDrops(document) }
  const targets = new Set(
    recent.drops.flatMap(({ images }) => images.flatMap((image) => realRegistrations(image).map((one) => one.target))),
  )
  const files = [fileOf(recent, 'image-downloads', 'downloads', downloadItems)]
  for (const target of [...targets].toSorted()) {
    files.push(fileOf(recent, 'image-ids', target, (image) => identifierItems(image, target)))
  }
  return files
}

/** The text of one products file. */
export function formatProducts({ contentId, datatype, updated, products }: ProductsFile): string {
  const head = { format: 'products:1.0', content_id: contentId, datatype, updated }
  return `${JSON.stringify({ ...head, products }, null, 1)}\n`
}

/** The index of all products files; the signed index names the signed ones. */
export function formatSimplestreamsIndex(files: readonly ProductsFile[], ending: 'json' | 'sjson'): string {
  const newest = files.map(({ updated }) => Date.parse(updated))
  const index = Object.fromEntries(
    files.map(({ path, contentId, datatype, updated, products }) => [
      contentId,
      { format: 'products:1.0', datatype, path: `${path}.${ending}`, updated, products: Object.keys(products) },
    ]),
  )
  const updated = new Date(Math.max(0, ...newest)).toUTCString()
  return `${JSON.stringify({ format: 'index:1.0', updated, index }, null, 1)}\n`
}

function fileOf(
  { stream, updated, drops }: StreamDocument,
  datatype: ProductsFile['datatype'],
  what: string,
  itemsOf: (image: IndexedImage) => Record<string, object>,
): ProductsFile {
  const products: Record<string, Product> = {}
  for (const drop of drops) {
    for (const image of drop.images) {
      const items = itemsOf(image)
      if (Object.keys(items).length === 0) continue
      const product = (products[productName(drop, image)] ??= describeProduct(drop, image))
      product.versions[versionName(drop)] = { label: labelOf(drop), items }
    }
  }
  return {
    path: `streams/v1/${stream}.${what}`,
    contentId: `imagedrop:${stream}:${what}`,
    datatype,
    // RFC 2822, as the clients compare it.
    updated: new Date(updated).toUTCString(),
    products,
  }
}

function downloadItems({ files }: IndexedImage): Record<string, object> {
  return Object.fromEntries(
    files.map(({ type, path, size, sha256 }) => [type, { ftype: type, path, size, sha256 }] as const),
  )
}

function identifierItems(image: IndexedImage, target: string): Record<string, object> {
  const mine = realRegistrations(image).filter((one) => one.target === target)
  return Object.fromEntries(
    mine.map(({ place, id, name, owner, state, watermark }) => {
      const known = { ...(owner === undefined ? {} : { owner_id: owner }), state, watermark }
      return [place, { id, name, ...known, ...simplestreamsPlace(target, place) }] as const
    }),
  )
}

/** What an emulator registered can be launched by nobody. */
function realRegistrations({ registrations }: IndexedImage) {
  return registrations.filter(({ emulated }) => !emulated)
}

function productName({ kind, compose }: IndexedDrop, { flavour, architecture }: IndexedImage): string {
  return `imagedrop.${compose.short.toLowerCase()}.${kind}:${compose.version}:${flavour}:${architecture}`
}

function describeProduct({ compose }: IndexedDrop, { flavour, architecture }: IndexedImage): Product {
  return {
    arch: architecture,
    flavour,
    os: compose.short.toLowerCase(),
    release: compose.version,
    version: compose.version,
    release_title: `${compose.short} ${compose.version}`,
    supported: true,
    versions: {},
  }
}

/** Clients take the last one in the order of bytes, so a respin has as many digits as any. */
function versionName({ compose: { date, respin } }: IndexedDrop): string {
  return `${date}.${String(respin).padStart(3, '0')}`
}

function labelOf({ milestone, kind }: IndexedDrop): string {
  if (milestone === null) return kind
  return milestone === 'Final' ? 'release' : milestone.toLowerCase()
}
