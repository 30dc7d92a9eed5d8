import type { FailureClass } from '#events/vocabulary.ts'

/** Koji's faults: what each is called, and what an operator has to do about it. */
const faults: Readonly<Record<number, readonly [name: string, meaning: FailureClass]>> = {
  // The hub stumbled over something itself; its text is all that is known of it.
  1: ['unexpected error', 'bug'],
  1000: ['GenericError', 'bug'],
  1001: ['LockError', 'transient'],
  1002: ['AuthError', 'environment'],
  1003: ['TagError', 'environment'],
  1004: ['ActionNotAllowed', 'environment'],
  1005: ['BuildError', 'recipe'],
  1006: ['AuthLockError', 'transient'],
  1007: ['AuthExpired', 'transient'],
  1008: ['SequenceError', 'transient'],
  1009: ['RetryError', 'transient'],
  1010: ['PreBuildError', 'environment'],
  1011: ['PostBuildError', 'environment'],
  1012: ['BuildrootError', 'environment'],
  1013: ['FunctionDeprecated', 'bug'],
  1014: ['ServerOffline', 'transient'],
  1015: ['LiveCDError', 'recipe'],
  1016: ['PluginError', 'environment'],
  1017: ['CallbackError', 'environment'],
  1018: ['ApplianceError', 'recipe'],
  1019: ['ParameterError', 'bug'],
  1020: ['ImportError', 'environment'],
  1021: ['ConfigurationError', 'environment'],
  1022: ['LiveMediaError', 'recipe'],
  1023: ['GSSAPIAuthError', 'environment'],
  1024: ['NameValidationError', 'refused'],
}

/** The faults that the session itself deals with. */
export const faultCode = {
  generic: 1000,
  auth: 1002,
  notAllowed: 1004,
  expired: 1007,
  sequence: 1008,
  committed: 1009,
  offline: 1014,
} as const

/** The hub refused a call, or a task of it failed with this. */
export class KojiFault extends Error {
  override name = 'KojiFault'
  readonly code = 'KOJI_FAULT'
  readonly faultCode: number
  readonly meaning: FailureClass

  constructor(faultCode: number, text: string, options?: ErrorOptions) {
    const [name, meaning] = faults[faultCode] ?? [`fault ${String(faultCode)}`, 'bug' as const]
    super(`${name}: ${telling(text)}`, options)
    this.faultCode = faultCode
    this.meaning = meaning
  }
}

/** One line of a fault's text. A Python traceback tells most at its end, all others at their beginning. */
function telling(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const line = (text.startsWith('Traceback ') ? lines.at(-1) : lines[0]) ?? 'no text'
  return line.trim().slice(0, 500)
}
