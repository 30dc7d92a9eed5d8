import { join } from 'node:path'
import { Readable } from 'node:stream'
import { z } from 'zod'
import { ArtifactCorrupted } from '#artifacts/store.ts'
import type { Progress } from '#bus/bus.ts'
import { failure, registration } from '#events/vocabulary.ts'
import { PermanentError, TransientError } from '#service/errors.ts'
import { run } from '#subprocess/run.ts'
import type { Cloud, CloudContext } from './cloud.ts'
import type { Ec2Settings } from './config.ts'

/** What the process says on standard output, one JSON text a line; the last one is the outcome. */
export type CloudLine =
  | { readonly progress: Progress }
  | { readonly done: unknown }
  | { readonly failed: { readonly kind: FailureKind; readonly class: string; readonly message: string } }

/** What kind of error crosses the border between the processes. */
export type FailureKind = 'transient' | 'permanent' | 'corrupted' | 'other'

/** What the process reads on standard input. */
export interface CloudRequest {
  readonly verb: keyof Cloud
  readonly given: readonly unknown[]
  readonly settings: Ec2Settings
}

const uploaded = z.object({ registrations: z.array(registration), bytes: z.int().min(0) })
const failed = z.object({
  failed: z.object({
    kind: z.enum(['transient', 'permanent', 'corrupted', 'other']),
    class: failure.shape.class,
    message: z.string(),
  }),
})
const done = z.object({ done: z.unknown() })

/**
 * The same cloud, each operation in a process of its own. The AWS SDK takes 90 MB that it never gives back, and the
 * digests of a disk a whole core: neither may weigh on the services that share our process.
 */
export function createCloudProcess(settings: Ec2Settings, env: Readonly<Record<string, string | undefined>>): Cloud {
  const program = join(import.meta.dirname, 'cloud-main.ts')
  const aws = Object.fromEntries(
    Object.entries(env).filter(
      (entry): entry is [string, string] => entry[0].startsWith('AWS_') && entry[1] !== undefined,
    ),
  )

  async function ask(verb: keyof Cloud, given: readonly unknown[], context: CloudContext): Promise<unknown> {
    const request: CloudRequest = { verb, given, settings }
    const { stdout } = await run(process.execPath, [program], {
      signal: context.signal,
      env: aws,
      input: Readable.from([JSON.stringify(request)]),
      log: join(context.logFolder, `${verb}.log`),
      // Every wait of the other side ends by itself; this is for the case that it hangs.
      idleDeadline: (settings.patienceSeconds + 600) * 1000,
      onLine: (line) => {
        const said = parseLine(line)
        if (said !== null && 'progress' in said) context.progress(said.progress as Progress)
      },
    })
    return outcomeOf(stdout)
  }

  return {
    upload: async (order, context) => uploaded.parse(await ask('upload', [order], context)),
    publish: async (registrations, context) => void (await ask('publish', [registrations], context)),
    withdraw: async (drop, registrations, context) => void (await ask('withdraw', [drop, registrations], context)),
  }
}

function outcomeOf(stdout: string): unknown {
  const last = parseLine(stdout.trimEnd().split('\n').at(-1) ?? '')
  const bad = failed.safeParse(last)
  if (bad.success) throw rebuild(bad.data.failed)
  const good = done.safeParse(last)
  if (good.success) return good.data.done
  throw new TransientError('the process that speaks to EC2 ended without telling the outcome')
}

function rebuild({ kind, class: failureClass, message }: z.infer<typeof failed>['failed']): Error {
  switch (kind) {
    case 'transient':
      return new TransientError(message)
    case 'permanent':
      return new PermanentError(failureClass, message)
    case 'corrupted':
      return new ArtifactCorrupted(message)
    case 'other':
      return new Error(message)
  }
}

function parseLine(line: string): object | null {
  if (!line.startsWith('{')) return null
  try {
    return JSON.parse(line) as object
  } catch {
    return null
  }
}
