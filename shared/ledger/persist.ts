/**
 * Makes a call again when it may succeed a little later. `repeated` tells that an earlier try may have been
 * committed although its answer was lost.
 */
export type Persist = <Result>(
  call: (repeated: boolean) => Promise<Result>,
  options?: { /** Milliseconds. */ patience?: number },
) => Promise<Result>

/** Every call once: a database in this process does not go away. */
export const once: Persist = (call) => call(false)
