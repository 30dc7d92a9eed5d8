import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createFolderStore } from '#artifacts/folder.ts'
import type { ArtifactStore } from '#artifacts/store.ts'
import { pino } from 'pino'
import type { Said } from '#events/define.ts'
import type { Envelope } from '#events/envelope.ts'
import { testContext } from '#test/support/context.ts'
import { house } from '#test/support/house.ts'
import { assembleAnnouncer } from '../assemble.ts'
import { launchAddresses } from '../story/launch.ts'

const never = new AbortController().signal

/** The folder of the announcer's own channels. */
export const ownChannels = join(import.meta.dirname, '..', 'channels')

/** An announcer without a runtime around it: what it is given, it handles at once. */
export interface TestAnnouncer extends AsyncDisposable {
  readonly state: string
  readonly artifacts: ArtifactStore
  /** Path below `<state>/announcements`. */
  at(path: string): string
  hear(event: Envelope, signal?: AbortSignal, attempt?: number): Promise<readonly Said[]>
  /** Has the channels keep up what they keep up while a process runs, until what is returned is disposed of. */
  stay(): AsyncDisposable
}

interface Options {
  readonly env?: Readonly<Record<string, string>>
  /** Of another announcer, for a second on the same state; default a new one, removed at the end. */
  readonly state?: string
  readonly roots?: readonly string[]
  /** Where the announcer looks for lists of packages, instead of its own `artifacts`. */
  readonly lists?: Pick<ArtifactStore, 'open'>
}

/** Opens an announcer with these settings. */
export async function openAnnouncer({
  env = {},
  state,
  roots = [ownChannels],
  lists,
}: Options = {}): Promise<TestAnnouncer> {
  await using opened = new AsyncDisposableStack()
  const stateFolder = state ?? (await mkdtemp(join(tmpdir(), 'announcer-')))
  if (state === undefined) opened.defer(() => rm(stateFolder, { recursive: true }))
  const titles = new Map([['ec2', 'Amazon EC2']])
  const launchAddressOf = launchAddresses(house.steps.flatMap(({ publishes }) => publishes ?? []))
  const artifacts = await createFolderStore(join(stateFolder, 'artifacts'))
  const { service, background } = await assembleAnnouncer(
    { stateFolder, env, artifacts: lists ?? artifacts },
    { roots, titles, launchAddressOf },
  )
  const entities = new Map<string, unknown>()
  const kept = opened.move()
  return {
    state: stateFolder,
    artifacts,
    at: (path) => join(stateFolder, 'announcements', path),
    async hear(event, signal = never, attempt = 1) {
      const key = service.keyOf?.(event) ?? ''
      const now = () => new Date('2026-07-12T00:00:00Z')
      const result = await service.handle(event, testContext({ signal, attempt, now, state: entities.get(key) }))
      // As the ledger keeps it.
      if ('state' in result) entities.set(key, JSON.parse(JSON.stringify(result.state)))
      return result.events
    },
    stay() {
      const ending = new AbortController()
      const ended = background(ending.signal, pino({ level: 'silent' }))
      return {
        async [Symbol.asyncDispose]() {
          ending.abort(new Error('the process stops'))
          await ended
        },
      }
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}
