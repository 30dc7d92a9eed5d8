import { PermanentError, TransientError } from '#service/errors.ts'
import { ToolFailed, ToolMissing } from '#subprocess/errors.ts'
import { poweredItselfOff } from '../machine.ts'
import type { QemuPlan } from './arguments.ts'

/** Turns QEMU's own end into an error that says what can be done about it. */
export function explainEnd(error: unknown, { emulator, memoryMib }: Pick<QemuPlan, 'emulator' | 'memoryMib'>): unknown {
  if (error instanceof ToolMissing && error.tool === emulator.tool)
    return new PermanentError('environment', `${emulator.tool} is not installed: install ${emulator.packages}`, {
      cause: error,
    })
  if (!(error instanceof ToolFailed)) return error
  if (error.end.why === 'signal') return new TransientError(error.message, { cause: error })
  if (/Cannot allocate memory/.test(error.tail))
    return new TransientError(`no memory for a guest of ${String(memoryMib)} MiB: ${error.message}`, { cause: error })
  return new PermanentError('environment', error.message, { cause: error })
}

/**
 * Reads an event of QEMU's: how the guest ended by itself, an error when the machine can no longer be trusted, or null
 * when the event tells of no end.
 */
export function readEnd(event: string, data: Readonly<Record<string, unknown>>): string | Error | null {
  if (event === 'BLOCK_IO_ERROR' && data['action'] === 'stop') {
    const reason = data['nospace'] === true ? 'no space is left for its overlay' : String(data['reason'])
    return new TransientError(`the guest's disk failed: ${reason}`)
  }
  // When it is not the guest, it is QEMU that was told to end, by us or by somebody else.
  if (event !== 'SHUTDOWN' || data['guest'] !== true) return null
  return shutdowns[String(data['reason'])] ?? `the guest ended (${String(data['reason'])})`
}

const shutdowns: Readonly<Record<string, string>> = {
  'guest-reset': 'the guest reset itself',
  'guest-shutdown': poweredItselfOff,
  'guest-panic': "the guest's kernel panicked",
}
