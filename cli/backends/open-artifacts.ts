import { join } from 'node:path'
import type { Logger } from 'pino'
import { createFolderStore } from '#artifacts/folder.ts'
import type { ArtifactStock, ArtifactStore } from '#artifacts/store.ts'
import type { ArtifactSettings } from './settings.ts'

const gibi = 1024 ** 3

/** Opens the artifact store that the settings name. */
export async function openArtifacts(
  settings: ArtifactSettings,
  stateFolder: string,
  log: Logger,
): Promise<ArtifactStore & ArtifactStock> {
  const { url = join(stateFolder, 'artifacts') } = settings
  if (!url.startsWith('s3:')) {
    const store = await createFolderStore(url)
    await store.tidy()
    return store
  }
  const { createS3Store } = await import('#artifacts/s3/open.ts')
  const { hostname: bucket, pathname } = new URL(url)
  const { endpoint, region, checksums, cacheGib } = settings
  return await createS3Store({
    bucket,
    prefix: pathname.replace(/^\/+|\/+$/g, ''),
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...(region === undefined ? {} : { region }),
    checksums,
    cacheFolder: join(stateFolder, 'artifact-cache'),
    cacheBytes: cacheGib * gibi,
    log,
  })
}
