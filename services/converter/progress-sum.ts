import type { Progress } from '#bus/bus.ts'

/** Registers work of `total` bytes; the result is called with how many of them are done so far. */
export type Track = (label: string, total: number) => (done: number) => void

const steps = 200

/** One bar for tools that work side by side; it speaks only when it has moved by half a percent. */
export function createProgressSum(phase: string, report: (progress: Progress) => void): Track {
  const parts: { label: string; done: number; total: number }[] = []
  let shown = -1

  const show = () => {
    const total = parts.reduce((sum, part) => sum + part.total, 0)
    const done = parts.reduce((sum, part) => sum + part.done, 0)
    const step = Math.floor((steps * done) / Math.max(1, total))
    if (step <= shown) return
    shown = step
    const busy = parts.filter((part) => part.done < part.total).map((part) => part.label)
    report({ phase: [phase, busy.join(', ')].filter(Boolean).join(' '), done, total, unit: 'bytes' })
  }

  return (label, total) => {
    const part = { label, done: 0, total }
    parts.push(part)
    return (done) => {
      part.done = Math.min(total, Math.max(part.done, done))
      show()
    }
  }
}
