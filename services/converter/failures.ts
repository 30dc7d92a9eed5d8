import { ArtifactCorrupted, ArtifactMissing } from '#artifacts/store.ts'
import { isDiskFull } from '#files/errors.ts'
import { messageOf, PermanentError, TransientError } from '#service/errors.ts'
import { ToolFailed, ToolMissing } from '#subprocess/errors.ts'

/** A file that was made does not decode to the disk that it was made of. */
export class NotTheDisk extends Error {
  override name = 'NotTheDisk'
  readonly code = 'NOT_THE_DISK'
}

/** Says what an operator has to do about whatever stopped a conversion. What it does not know, it gives back. */
export function explainFailure(error: unknown): unknown {
  const become = (failureClass: PermanentError['failureClass'], message = messageOf(error)) =>
    new PermanentError(failureClass, message, { cause: error })

  if (error instanceof ToolMissing) return become('environment')
  if (error instanceof ArtifactMissing || error instanceof ArtifactCorrupted) return become('environment')
  if (error instanceof NotTheDisk) return become('bug')
  if (saysDiskFull(error)) return become('capacity', `the disk is full: ${lastLine(messageOf(error))}`)
  if (!(error instanceof ToolFailed)) return error
  switch (error.end.why) {
    case 'signal':
      // Not by us, so by a person or the kernel's out-of-memory killer: it may go better next time.
      return new TransientError(error.message, { cause: error })
    case 'deadline':
    case 'idle':
      return become('stuck')
    case 'exit':
      return error
  }
}

function saysDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (isDiskFull(error)) return true
  if (error instanceof ToolFailed) return /no space left on device|disk quota exceeded/i.test(error.tail)
  return saysDiskFull(error.cause)
}

/** qemu-img complains at the end of the line on which it drew its progress. */
function lastLine(message: string): string {
  return (
    message
      .trim()
      .split(/[\r\n]+/)
      .at(-1) ?? message
  )
}
