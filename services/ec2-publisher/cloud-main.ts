import { text } from 'node:stream/consumers'
import { ArtifactCorrupted } from '#artifacts/store.ts'
import type { Progress } from '#bus/bus.ts'
import { messageOf, PermanentError, TransientError } from '#service/errors.ts'
import type { Cloud } from './cloud.ts'
import type { CloudLine, CloudRequest } from './cloud-process.ts'
import { createDirectCloud } from './direct-cloud.ts'

// The process behind `createCloudProcess`: one operation, read from standard input, told on standard output.

const tellEvery = 250

const { verb, given, settings } = JSON.parse(await text(process.stdin)) as CloudRequest
const operation = createDirectCloud(settings)[verb] as (...args: unknown[]) => ReturnType<Cloud[typeof verb]>
try {
  const context = { signal: new AbortController().signal, progress: sparingly(tellEvery), logFolder: '' }
  tell({ done: (await operation(...given, context)) ?? null })
} catch (error) {
  tell({ failed: { ...kindOf(error), message: messageOf(error) } })
}

function tell(line: CloudLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

/** A new phase at once, more bytes only now and then: a disk has thousands of blocks. */
function sparingly(every: number): (progress: Progress) => void {
  let phase = ''
  let last = 0
  return (progress) => {
    const finished = progress.done !== undefined && progress.done === progress.total
    if (progress.phase === phase && !finished && performance.now() - last < every) return
    phase = progress.phase
    last = performance.now()
    tell({ progress })
  }
}

function kindOf(error: unknown) {
  if (error instanceof TransientError) return { kind: 'transient', class: 'transient' } as const
  if (error instanceof PermanentError) return { kind: 'permanent', class: error.failureClass } as const
  if (error instanceof ArtifactCorrupted) return { kind: 'corrupted', class: 'environment' } as const
  return { kind: 'other', class: 'bug' } as const
}
