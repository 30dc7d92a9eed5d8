import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ArtifactStore } from '#artifacts/store.ts'
import { createFolderStore } from '#artifacts/folder.ts'
import { testContext } from '#test/support/context.ts'
import { createIndexMemory } from '../memory.ts'
import type { Mirror } from '../mirror.ts'

/** A mirror, an artifact store and a job's context in folders of their own; all gone when disposed of. */
export async function openScene({ root }: { root?: string } = {}) {
  const home = await mkdtemp(join(tmpdir(), 'imagedrop-mirror-'))
  const store = await createFolderStore(join(home, 'artifacts'))
  const mirror = mirrorOf(root ?? join(home, 'mirror'), store)
  const context = contextIn(home)
  return {
    home,
    store,
    mirror,
    context,
    at: (path: string) => join(mirror.root, path),
    [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }),
  }
}

/** A mirror master that signs nothing. */
export function mirrorOf(root: string, artifacts: ArtifactStore): Mirror {
  const maker = { id: 'urn:imagedrop:builder', version: '0.1.0' }
  return {
    root,
    artifacts,
    signer: null,
    sigstore: null,
    maker,
    publishings: new Map(),
    publicUrl: null,
    downloads: null,
    grace: 0,
    masters: [],
    retryMasters: 1_000,
    memory: createIndexMemory(),
  }
}

export type Scene = Awaited<ReturnType<typeof openScene>>

/** The context of a job whose folders are below this one, on the day of the drops. */
export function contextIn(home: string) {
  return testContext({ folder: home, now: () => new Date('2013-05-21T12:00:00Z') })
}
