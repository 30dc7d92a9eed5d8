import type { Message } from 'irc-framework'
import { PermanentError, TransientError } from '#service/errors.ts'

/** Answers that may be others later: try again, temporarily unavailable, too many targets at once, the channel is full. */
const passing: ReadonlySet<string> = new Set(['263', '437', '439', '471'])

/** Whether a line is a server's refusal of what we asked, and about this channel, or about the command itself. */
export function isRefusal({ command, params }: Message, isChannel: (name: string) => boolean): boolean {
  const isError = /^[45]\d\d$/.test(command) || command === '263'
  return isError && params.slice(1, -1).some((param) => isChannel(param) || commands.has(param.toUpperCase()))
}

const commands: ReadonlySet<string> = new Set(['JOIN', 'NOTICE', 'PRIVMSG', 'TOPIC'])

/** The error that a refusal stands for; its last word says why. */
export function explainRefusal({ command, params }: Message, what: string): Error {
  const message = `${what}: ${params.at(-1) ?? ''} (${command})`
  return passing.has(command) ? new TransientError(message) : new PermanentError('refused', message)
}
