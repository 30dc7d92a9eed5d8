/** The guest will not come further. It is a finding, not an error: the reason goes into the report. */
export class GuestStopped extends Error {
  override name = 'GuestStopped'
  readonly code = 'GUEST_STOPPED'
}

/** How long a guest may be silent, and how long it may take in all, in milliseconds. */
export interface Limits {
  readonly idle: number
  readonly total: number
}

/** Tells when to stop waiting for a guest. The first reason wins. */
export interface GuestWatch extends Disposable {
  /** Aborts with the reason. */
  readonly signal: AbortSignal
  /** The guest has given a sign of life. */
  readonly touch: () => void
  readonly stop: (reason: unknown) => void
  /** Resolves with the promise, or rejects with the reason to stop, whichever is first. */
  readonly unlessStopped: <T>(promise: Promise<T>) => Promise<T>
}

/** Watches a guest; `lastWords` completes the reason with what the guest has said last. */
export function watchGuest({ idle, total }: Limits, lastWords: () => string): GuestWatch {
  const controller = new AbortController()
  const stopped = Promise.withResolvers<never>()
  // Waited for only while something is awaited by unlessStopped.
  stopped.promise.catch(() => {})
  const stop = (reason: unknown) => {
    controller.abort(reason)
    stopped.reject(controller.signal.reason)
  }
  const stopFor = (what: string) => () => {
    stop(new GuestStopped(`${what}; ${describe(lastWords())}`))
  }
  const idleTimer = setTimeout(stopFor(`no sign of life for ${seconds(idle)}`), idle)
  const totalTimer = setTimeout(stopFor(`not done within ${seconds(total)}`), total)
  return {
    signal: controller.signal,
    touch: () => idleTimer.refresh(),
    stop,
    unlessStopped: (promise) => Promise.race([promise, stopped.promise]),
    [Symbol.dispose]() {
      clearTimeout(idleTimer)
      clearTimeout(totalTimer)
    },
  }
}

function describe(line: string): string {
  return line === '' ? 'the console stayed empty' : `the last console line is ${JSON.stringify(line)}`
}

function seconds(milliseconds: number): string {
  return `${String(milliseconds / 1000)} s`
}
