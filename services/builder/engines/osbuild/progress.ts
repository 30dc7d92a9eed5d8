import type { Progress } from '#bus/bus.ts'

/**
 * Reads how far image-builder is from what it says with `--progress debug`: `[3 / 9] Pipeline os: …`, further in for what is
 * part of that. Only the outermost counts: it is the only one that does not begin again.
 */
export function createProgressReader(report: (progress: Progress) => void): (line: string) => void {
  let reached = -1
  return (line) => {
    if (line === 'pulse: Manifest generation step') report({ phase: 'resolving packages' })
    const [, said = '', of = '', phase = ''] = /^\[(\d+) \/ (\d+)\] (.+)$/.exec(line) ?? []
    const done = Number(said)
    const total = Number(of)
    if (phase === '' || done <= reached || done > total) return
    reached = done
    report({ phase: phase.replace(/^Pipeline /, ''), done, total, unit: 'steps' })
  }
}
