import { join, resolve } from 'node:path'
import { bindService } from '#service/bind.ts'
import type { Assemble } from '#service/host.ts'
import { readMirrorPublisherConfig } from './config.ts'
import { createIndexMemory } from './memory.ts'
import type { Mirror } from './mirror.ts'
import { readMasters } from './masters.ts'
import { mirrorPublisher } from './service.ts'

/** Puts the mirror-publisher together for the process that runs it. */
export const assemble: Assemble = ({ stateFolder, artifacts, env }) => {
  const { root, publicUrl, masters, signingKey, signingHome } = readMirrorPublisherConfig(env)
  const mirror: Mirror = {
    root: resolve(root ?? join(stateFolder, 'mirror')),
    artifacts,
    publicUrl,
    masters: masters === undefined ? [] : readMasters(masters),
    retryMasters: 60_000,
    memory: createIndexMemory(),
    signing: signingKey === undefined ? null : { key: signingKey, home: signingHome ?? null },
  }
  return Promise.resolve({ service: bindService(mirrorPublisher, mirror) })
}
