import { once } from 'node:events'
import type { Control } from './control.ts'
import { readEnd } from './ends.ts'

/** The power of a guest, by its button and by QEMU's events. */
export interface Power {
  /** Resolves with how, when the guest ends by itself; rejects when its machine can no longer be trusted. */
  readonly ended: Promise<string>
  readonly onEvent: (event: string, data: Readonly<Record<string, unknown>>) => void
  /** The guest has written to its console. */
  readonly onConsole: () => void
  readonly powerDown: () => Promise<void>
  readonly reboot: (signal: AbortSignal) => Promise<void>
}

/**
 * Follows a guest that may reset itself this many times. Where none is left QEMU stops at the next, so that the last that the
 * guest showed can still be seen. After a reset the BIOS resets the machine once more, before it shows anything: only a guest
 * that has written to its console since the last reset has reset itself.
 */
export function followPower(resets: number, control: () => Promise<Pick<Control, 'execute'>>): Power {
  const ended = Promise.withResolvers<string>()
  ended.promise.catch(() => {})
  const happened = new EventTarget()
  let left = resets
  let goesOn = resets > 0
  let hasSpoken = false
  let isRebooting = false

  const execute = async (command: string, options?: Record<string, unknown>) => {
    await (await control()).execute(command, options)
  }
  const onReset = async (reboot: 'reset' | 'shutdown') => {
    goesOn = reboot === 'reset'
    await execute('set-action', { reboot })
  }
  const powerDown = () => execute('system_powerdown')

  return {
    ended: ended.promise,
    onConsole() {
      hasSpoken = true
      // Where that fails QEMU is gone, of which others tell.
      if (left <= 0 && goesOn && !isRebooting) onReset('shutdown').catch(() => {})
    },
    onEvent(event, data) {
      happened.dispatchEvent(new Event(event))
      const end = readEnd(event, data)
      if (event === 'RESET') {
        if (data['guest'] === true && hasSpoken && --left < 0) ended.resolve(resetsInAll(resets))
        hasSpoken = false
      } else if (end instanceof Error) ended.reject(end)
      else if (end !== null && data['reason'] === 'guest-reset') ended.resolve(resetsInAll(resets))
      else if (end !== null && !isRebooting) ended.resolve(end)
    },
    powerDown,
    async reboot(signal) {
      isRebooting = true
      try {
        await Promise.all([once(happened, 'SHUTDOWN', { signal }), powerDown()])
        await onReset('reset')
        await Promise.all([once(happened, 'RESET', { signal }), execute('system_reset')])
        await execute('cont')
      } catch (error) {
        signal.throwIfAborted()
        throw error
      } finally {
        isRebooting = false
      }
    },
  }
}

function resetsInAll(allowed: number): string {
  return `the guest reset itself${allowed > 0 ? ` ${String(allowed + 1)} times` : ''}`
}
