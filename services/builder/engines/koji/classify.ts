import type { FailureClass } from '#events/vocabulary.ts'
import { messageOf, TransientError } from '#service/errors.ts'
import { failureClassOf } from '#service/failure.ts'
import { ToolFailed } from '#subprocess/errors.ts'
import { RecipeRefused } from '../../recipe.ts'
import { NothingBuilt } from '../engine.ts'
import { BadReply } from './rpc/decode.ts'
import { ConnectionLost, HttpRefusal, NotTrusted } from './rpc/exchange.ts'
import { faultCode, KojiFault } from './rpc/faults.ts'
import { TaskFailed } from './task/failure.ts'

/** What an operator has to do about a failure with Koji. */
export function classifyKoji(error: unknown): FailureClass {
  if (error instanceof ConnectionLost) return 'transient'
  if (error instanceof TaskFailed) return error.meaning
  if (error instanceof RecipeRefused) return 'refused'
  if (error instanceof KojiFault) return meaningOfCall(error)
  // The hub is not what it should be, or somebody stands between: a person has to look.
  if (error instanceof BadReply || error instanceof NotTrusted || error instanceof HttpRefusal) return 'environment'
  if (error instanceof NothingBuilt) return 'environment'
  // xz or qemu-img: what was fetched is not what it should be.
  if (error instanceof ToolFailed && error.end.why === 'exit') {
    return /No space left/i.test(error.tail) ? 'capacity' : 'environment'
  }
  return failureClassOf(error)
}

/** A call is refused for other reasons than a task fails, though the numbers are the same. */
function meaningOfCall(fault: KojiFault): FailureClass {
  if (/Invalid method: /.test(fault.message)) return 'environment'
  if (/No such build target|Channel .* is disabled|not authorized/.test(fault.message)) return 'environment'
  return fault.meaning
}

/** What went wrong, in one line. */
export function explainKoji(error: unknown): string {
  if (!(error instanceof KojiFault)) return messageOf(error)
  const method = /Invalid method: (\w+)/.exec(error.message)?.[1]
  return method === undefined ? `Koji: ${error.message}` : `Koji has no ${method}: the plugin for it is not there`
}

/** Whether Koji may well answer if it is asked later: it is nobody's fault, and no attempt is lost by it. */
export function isAway(error: unknown): boolean {
  if (error instanceof KojiFault) return meaningOfCall(error) === 'transient'
  return error instanceof ConnectionLost || error instanceof TransientError
}

/** Whether it is the hub itself that cannot be reached, by whatever call. */
export function isOffline(error: unknown): boolean {
  return error instanceof ConnectionLost || (error instanceof KojiFault && error.faultCode === faultCode.offline)
}
