import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { createFolderStore } from '#artifacts/folder.ts'
import type { ArtifactStore } from '#artifacts/store.ts'
import type { Progress } from '#bus/bus.ts'
import { say } from '#events/define.ts'
import { seal } from '#events/envelope.ts'
import type { ImageBuilt } from '#events/image-built.ts'
import type { ImageFailed } from '#events/image-failed.ts'
import { imageRequested } from '#events/image-requested.ts'
import type { Environment } from '../command.ts'
import type { Services } from '../services.ts'
import type { Original } from './original.ts'

interface BuildOptions {
  /** Of this build alone: nothing that an earlier one has cached is used. */
  readonly folder: string
  readonly services: Services
  readonly env: Environment
  readonly log: Logger
  readonly signal: AbortSignal
  readonly progress: (progress: Progress) => void
}

/** What came of a second build, and the store that it is in. */
export interface Again {
  readonly built: ImageBuilt
  readonly artifacts: ArtifactStore
}

/**
 * Builds an image again by the engine that built it, in a folder of its own, as the builder would for a drop. Throws an Error
 * that says why it could not.
 */
export async function buildAgain({ drop, compose, image, engine }: Original, options: BuildOptions): Promise<Again> {
  const { folder, services, log, signal, progress } = options
  const artifacts = await createFolderStore(join(folder, 'artifacts'))
  const now = () => new Date()
  // Another engine makes another disk.
  const env = { ...options.env, IMAGEDROP_BUILDER_ENGINE: engine.name }
  const assemble = await services.assemble('builder')
  const { service, close } = await assemble({ stateFolder: folder, artifacts, log, now, env, ...services })
  const context = {
    signal,
    progress,
    log,
    now,
    attempt: 1,
    state: null,
    workFolder: await folderIn(folder, 'work'),
    logFolder: await folderIn(folder, 'logs'),
  }
  try {
    const requested = seal(say(imageRequested, { drop, compose, image }), { now: now() })
    const { events, wait } = await service.handle(requested, context)
    if (wait) throw new Error(`${engine.name} builds elsewhere and would be waited for: ${wait.reason}`)
    return { built: builtOf(events[0], context.logFolder), artifacts }
  } finally {
    await close?.()
  }
}

function builtOf(said: { readonly subject: string; readonly body: unknown } | undefined, logs: string): ImageBuilt {
  if (!said) throw new Error('the builder said nothing')
  if (said.subject === 'image.built.v1') return said.body as ImageBuilt
  const { failure } = said.body as ImageFailed
  throw new Error(`it could not be built again (${failure.class}): ${failure.reason}; its log is in ${logs}`)
}

async function folderIn(folder: string, name: string): Promise<string> {
  const path = join(folder, name)
  await mkdir(path, { recursive: true })
  return path
}
