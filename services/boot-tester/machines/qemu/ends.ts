import { PermanentError, TransientError } from '#service/errors.ts'
import { ToolFailed, ToolMissing } from '#subprocess/errors.ts'
import type { QemuPlan } from './arguments.ts'

/** Turns QEMU's own end into an error that says what can be done about it. */
export function explainEnd(error: unknown, { emulator, memoryMib }: Pick<QemuPlan, 'emulator' | 'memoryMib'>): unknown {
  if (error instanceof ToolMissing)
    return new PermanentError('environment', `${emulator.tool} is not installed: install ${emulator.packages}`, {
      cause: error,
    })
  if (!(error instanceof ToolFailed)) return error
  if (error.end.why === 'signal') return new TransientError(error.message, { cause: error })
  if (/Cannot allocate memory/.test(error.tail))
    return new TransientError(`no memory for a guest of ${String(memoryMib)} MiB: ${error.message}`, { cause: error })
  return new PermanentError('environment', error.message, { cause: error })
}

/** Says in words how a guest ended by itself. */
export function describeShutdown(reason: unknown): string {
  switch (reason) {
    case 'guest-reset':
      return 'the guest reset itself'
    case 'guest-shutdown':
      return 'the guest powered itself off'
    case 'guest-panic':
      return "the guest's kernel panicked"
    default:
      return `the guest ended (${String(reason)})`
  }
}
