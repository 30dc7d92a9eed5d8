import { join, resolve } from 'node:path'
import { bindService } from '#service/bind.ts'
import type { Assemble } from '#service/host.ts'
import { tellKeyExpiry } from '#service/metrics.ts'
import { readMirrorPublisherConfig } from './config.ts'
import { readDownloads } from './downloads/settings.ts'
import { describeMaker } from './evidence/maker.ts'
import { createIndexMemory } from './memory.ts'
import type { Mirror } from './mirror.ts'
import { readMasters } from './masters.ts'
import { mirrorPublisher } from './service.ts'
import { openSigning } from './signing/open-signing.ts'

/** Puts the mirror-publisher together for the process that runs it; a key that cannot sign keeps it from starting. */
export const assemble: Assemble = async ({ stateFolder, artifacts, steps, env }) => {
  const config = readMirrorPublisherConfig(env)
  const signing = await openSigning(config, { signal: AbortSignal.timeout(60_000), logFolder: null })
  if (signing.signer?.key.expires) tellKeyExpiry(signing.signer.key.fingerprint, signing.signer.key.expires)
  const mirror: Mirror = {
    root: resolve(config.root ?? join(stateFolder, 'mirror')),
    artifacts,
    ...signing,
    maker: await describeMaker(config.builderId),
    publishings: new Map(steps.flatMap(({ publishes }) => (publishes ? [[publishes.target, publishes]] : []))),
    publicUrl: config.publicUrl,
    downloads: config.downloads === undefined ? null : readDownloads(config.downloads, config.publicUrl),
    grace: config.graceHours * 3_600_000,
    masters: config.masters === undefined ? [] : readMasters(config.masters),
    retryMasters: 60_000,
    memory: createIndexMemory(),
  }
  return { service: bindService(mirrorPublisher, mirror) }
}
