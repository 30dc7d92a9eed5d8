import type { DropView } from '#drop/view.ts'
import type { Envelope } from '#events/envelope.ts'
import { findEvent } from '#events/index.ts'
import { createLive } from './live.ts'
import { blessingHint } from './render.ts'

/** Where a running drop is shown. */
export interface Screen extends Disposable {
  note(line: string): void
  event(envelope: Envelope): void
  /** How the drop stands now. */
  show(view: DropView): void
  end(report: readonly string[]): void
}

/**
 * With `json`, one event per line on standard output and nothing else; on a terminal, a live view; else a line per
 * event. Notes go to standard error where standard output is for machines.
 */
export function createScreen({ json }: { json: boolean }): Screen {
  if (json) return createJsonScreen()
  return process.stdout.isTTY ? createTerminalScreen() : createPlainScreen()
}

function createJsonScreen(): Screen {
  return {
    note: (line) => void process.stderr.write(`${line}\n`),
    event: (envelope) => void process.stdout.write(`${JSON.stringify(envelope)}\n`),
    show: () => {},
    end: (report) => void process.stderr.write(`${report.join('\n')}\n`),
    [Symbol.dispose]: () => {},
  }
}

function createTerminalScreen(): Screen {
  let shown: DropView | null = null
  const live = createLive(process.stdout, () => shown)
  const reports: string[] = []
  return {
    note: (line) => {
      live.print(line)
    },
    event: () => {},
    show(view) {
      shown = view
    },
    end: (report) => void reports.push(...report),
    [Symbol.dispose]() {
      live[Symbol.dispose]()
      if (reports.length > 0) process.stdout.write(`${reports.join('\n')}\n`)
    },
  }
}

function createPlainScreen(): Screen {
  let hinted = false
  return {
    note: (line) => void process.stdout.write(`${line}\n`),
    event(envelope) {
      const summary = findEvent(envelope.subject)?.summary(envelope.body) ?? ''
      process.stdout.write(`${envelope.time.slice(11, 19)}  ${summary}\n`)
    },
    show({ drop, waitsForPerson }) {
      if (waitsForPerson && !hinted) process.stdout.write(`${blessingHint(drop)}\n`)
      hinted = waitsForPerson
    },
    end: (report) => void process.stdout.write(`${report.join('\n')}\n`),
    [Symbol.dispose]: () => {},
  }
}
