import type { Context } from '#service/define.ts'
import { followConsole } from '../console/console.ts'
import type { Phase } from '../console/phases.ts'
import { GuestStopped, watchGuest, type GuestWatch, type Limits } from '../guest-watch.ts'
import { facts, lineOf } from '#publishing/telling-guest.ts'
import type { Told } from './judge-source.ts'

/** A guest that is to tell about itself on its console. */
export interface Listening extends Disposable {
  readonly onConsole: (bytes: Buffer) => void
  /** Sets the clock to zero. */
  readonly poweredOn: () => void
  readonly seconds: () => number
  readonly watch: Pick<GuestWatch, 'stop'>
  /** Resolves with null when the guest has told everything, or with why it will not; rejects when its machine was lost. */
  readonly toldAll: () => Promise<string | null>
  readonly told: () => Told
  /** When each phase began, in seconds after power-on. */
  readonly phases: () => readonly { readonly name: Phase; readonly seconds: number }[]
  readonly reachedUserspace: () => boolean
}

/** Listens to a guest whose user data carries the nonce. */
export function listen(nonce: string, limits: Limits, { now, progress }: Pick<Context, 'now' | 'progress'>): Listening {
  let start = now()
  const phases: { name: Phase; seconds: number }[] = [{ name: 'firmware', seconds: 0 }]
  const seconds = () => (now().getTime() - start.getTime()) / 1000
  const lines = facts.map((fact) => ({ fact, pattern: lineOf(nonce, fact) }))
  const end = lineOf(nonce, 'end')
  const watch = watchGuest(limits, () => console.lastLine())
  const console = followConsole([...lines.map(({ pattern }) => pattern), end], {
    seconds,
    onPhase: (phase) => {
      phases.push({ name: phase, seconds: seconds() })
      progress({ phase })
    },
    onDeadEnd: (line) => {
      watch.stop(new GuestStopped(`the guest gave up: ${line}`))
    },
  })
  progress({ phase: 'firmware' })
  return {
    seconds,
    watch,
    onConsole: (bytes) => {
      watch.touch()
      console.write(bytes)
    },
    poweredOn: () => {
      start = now()
    },
    async toldAll() {
      try {
        await watch.unlessStopped(console.seen(end))
        return null
      } catch (error) {
        if (!(error instanceof GuestStopped)) throw error
        return error.message
      }
    },
    told: () =>
      new Map(
        lines.flatMap(({ fact, pattern }) => {
          const found = console.found(pattern)
          return found ? [[fact, { value: found.match[1] ?? '', seconds: found.seconds }] as const] : []
        }),
      ),
    phases: () => phases,
    reachedUserspace: () => phases.some(({ name }) => name === 'userspace'),
    [Symbol.dispose]: () => {
      watch[Symbol.dispose]()
    },
  }
}
