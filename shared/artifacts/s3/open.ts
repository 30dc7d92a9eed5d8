import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openDrafts } from '../drafts.ts'
import { ArtifactCorrupted, type ArtifactStock, type ArtifactStore } from '../store.ts'
import { openCache } from './cache.ts'
import { createS3Client } from './client.ts'
import { downloadObject, verifyObject } from './download.ts'
import { measureFile } from './measure.ts'
import { settingsOf, type S3Options } from './options.ts'
import { listBucket, removeObject } from './stock.ts'
import { uploadFile } from './upload.ts'

/**
 * A store in a bucket: `<prefix>/<first two digits>/<sha256>`, with copies on this host's disk for tools, which want
 * files. What is kept here is read here without a download. Drafts of processes that are gone are removed.
 */
export async function createS3Store(options: S3Options): Promise<ArtifactStore & ArtifactStock> {
  const settings = settingsOf(options)
  const s3 = createS3Client(settings)
  const drafts = await openDrafts(join(settings.cacheFolder, 'drafts'))
  await drafts.clear()
  const cache = await openCache(settings.cacheFolder, settings)

  const store: ArtifactStore & ArtifactStock = {
    draft: drafts.make,
    async keep(draft, { format, sha256, signal }) {
      const measured = await measureFile(draft.path, settings.partBytes, signal)
      if (sha256 !== undefined && sha256 !== measured.sha256) {
        throw new ArtifactCorrupted(`${draft.path} was written as ${sha256} and reads as ${measured.sha256}`)
      }
      await uploadFile(s3, draft.path, measured, signal)
      await cache.admit(draft.path, measured.sha256)
      return { uri: `artifact:${measured.sha256}`, sha256: measured.sha256, size: measured.size, format }
    },
    async keepBytes(bytes, format) {
      await using made = await drafts.make(`bytes.${format}`)
      await writeFile(made.path, bytes)
      return await store.keep(made, { format })
    },
    async open(ref, signal) {
      const copy = await cache.find(ref)
      if (copy !== null) return copy
      await using made = await drafts.make(ref.sha256)
      await downloadObject(s3, ref, made.path, signal)
      return await cache.admit(made.path, ref.sha256)
    },
    verify: (ref, signal) => verifyObject(s3, ref, signal),
    list: (signal) => listBucket(s3, signal),
    remove: (sha256, since) => removeObject(s3, sha256, since),
  }
  return store
}
