import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { PermanentError, TransientError } from '#service/errors.ts'
import { ToolFailed, ToolMissing } from '#subprocess/errors.ts'
import { run } from '#subprocess/run.ts'
import type { MachineParts } from '../machine.ts'

/** The TPM has ended: with its machine, whose end tells why, or by itself. */
export class TpmLost extends TransientError {
  override name = 'TpmLost'
}

const tool = 'swtpm'
const readyWithin = 20_000

interface Tpm extends AsyncDisposable {
  readonly socket: string
  /** Rejects when the TPM is gone though nobody took it away. */
  readonly lost: Promise<never>
}

/** Starts a TPM 2.0 that nobody has owned yet, for one guest. It ends with its machine, and with us. */
export async function startTpm(
  { folder, logs, signal }: Pick<MachineParts, 'folder' | 'logs' | 'signal'>,
  socket: string,
): Promise<Tpm> {
  const state = join(folder, 'tpm')
  await rm(state, { recursive: true, force: true })
  await mkdir(state, { recursive: true, mode: 0o700 })
  const power = new AbortController()
  const args = ['socket', '--tpm2', '--tpmstate', `dir=${state}`, '--ctrl', `type=unixio,path=${socket}`, '--terminate']
  const ended = run(tool, args, {
    signal: AbortSignal.any([signal, power.signal]),
    log: join(dirname(logs.machine), 'tpm.log'),
  })
  const lost = ended.then(
    () => {
      throw new TpmLost(`${tool} ended before its machine did`)
    },
    (error: unknown) => {
      throw signal.aborted ? signal.reason : explain(error)
    },
  )
  // Whoever waits for it hears of it; when nobody does, it was us who took it away.
  lost.catch(() => {})
  const end = async () => {
    power.abort()
    await Promise.allSettled([ended])
    await rm(state, { recursive: true, force: true })
  }
  try {
    await Promise.race([listens(socket, AbortSignal.any([signal, power.signal])), lost])
  } catch (error) {
    await end()
    throw error
  }
  return { socket, lost, [Symbol.asyncDispose]: end }
}

async function listens(socket: string, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + readyWithin
  while (!existsSync(socket)) {
    if (performance.now() > deadline)
      throw new TransientError(`${tool} did not listen within ${String(readyWithin / 1000)} s`)
    await sleep(20, undefined, { signal })
  }
}

function explain(error: unknown): unknown {
  if (error instanceof ToolMissing)
    return new PermanentError('environment', `${tool} is not installed: install ${tool}`, { cause: error })
  if (!(error instanceof ToolFailed)) return error
  if (error.end.why === 'signal') return new TpmLost(error.message, { cause: error })
  return new PermanentError('environment', error.message, { cause: error })
}
