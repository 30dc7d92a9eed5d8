/** What happens to a request on its way, as it does in a real network. */
export type Disturbance =
  /** The connection breaks before the hub has the request. */
  | { readonly what: 'request lost' }
  /** The hub carries the call out, and its reply is lost. */
  | { readonly what: 'reply lost' }
  /** A proxy answers in its place. */
  | { readonly what: 'status'; readonly status: number }
  /** The hub answers later. */
  | { readonly what: 'delay'; readonly milliseconds: number }
  /** A hub that lies: another body than the true one. */
  | { readonly what: 'body'; readonly body: string }
  /** It sends us elsewhere. */
  | { readonly what: 'redirect'; readonly to: string }
  /** A file breaks off after so many bytes. */
  | { readonly what: 'cut'; readonly after: number }

interface Planned {
  readonly disturbance: Disturbance
  readonly on: string | RegExp
  times: number
}

/** The disturbances that are still to happen, each to the next requests that it is meant for. */
export function createDisturbances() {
  const planned: Planned[] = []
  return {
    /** Disturbs the next `times` requests whose method, or path of a file, is this. */
    plan(disturbance: Disturbance, on: string | RegExp, times = 1): void {
      planned.push({ disturbance, on, times })
    },
    /** What happens to a request for `name`; null: nothing. */
    next(name: string): Disturbance | null {
      const index = planned.findIndex(({ on }) => (typeof on === 'string' ? on === name : on.test(name)))
      const found = planned[index]
      if (!found) return null
      found.times--
      if (found.times === 0) planned.splice(index, 1)
      return found.disturbance
    },
  }
}

export type Disturbances = ReturnType<typeof createDisturbances>
