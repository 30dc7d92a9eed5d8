import { basename, join } from 'node:path'
import type { MirroredFile } from '#events/vocabulary.ts'
import type { Context } from '#service/define.ts'
import { putFile } from '../durable.ts'
import type { PlannedFile, TreePlan } from '../plan-tree.ts'
import { hashPieces } from './hash-pieces.ts'
import { formatMetalink, type Source } from './metalink.ts'
import type { Downloads } from './settings.ts'
import { formatTorrent } from './torrent.ts'

/**
 * Writes beside each image, in each of its formats, a metalink and a torrent, as the settings want; says what was written. For
 * their pieces each image is read once more.
 */
export async function writeDownloads(
  folder: string,
  plan: TreePlan,
  downloads: Downloads | null,
  context: Pick<Context, 'signal' | 'progress'>,
): Promise<MirroredFile[]> {
  if (!downloads || !(downloads.metalink || downloads.torrent)) return []
  const written: MirroredFile[] = []
  const images = plan.images.flatMap(({ files, of }) => files.filter(({ artifact }) => artifact !== of.packages))
  const total = images.reduce((sum, { artifact }) => sum + artifact.size, 0)
  let done = 0
  for (const file of images) {
    context.progress({ phase: 'hashing images by pieces', done, total, unit: 'bytes' })
    written.push(...(await writeBeside(folder, file, { plan, downloads, signal: context.signal })))
    done += file.artifact.size
  }
  return written
}

async function writeBeside(
  folder: string,
  { path, artifact: { size, sha256 } }: PlannedFile,
  { plan, downloads, signal }: { readonly plan: TreePlan; readonly downloads: Downloads; readonly signal: AbortSignal },
): Promise<MirroredFile[]> {
  const { metalink, torrent, trackers, mirrors } = downloads
  const sourcesOf = (name: string): Source[] =>
    mirrors.map((mirror) => ({ ...mirror, url: new URL(encodeURI(`${plan.path}/${name}`), mirror.url).href }))
  const about = { name: basename(path), size, pieces: await hashPieces(join(folder, path), size, signal) }
  const sources = sourcesOf(path)
  const urls = sources.map(({ url }) => url)
  const torrents = torrent ? sourcesOf(`${path}.torrent`) : []
  return [
    ...(torrent ? [await putFile(folder, `${path}.torrent`, formatTorrent({ ...about, urls, trackers }))] : []),
    ...(metalink
      ? [
          await putFile(
            folder,
            `${path}.meta4`,
            formatMetalink({ ...about, sha256, sources, torrents, drop: plan.drop }),
          ),
        ]
      : []),
  ]
}
