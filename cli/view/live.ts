import type { WriteStream } from 'node:tty'
import type { DropView } from '#drop/view.ts'
import { renderDrop } from './render.ts'

/** Redraws the view in place ten times a second at most; other lines go above it. */
export interface Live extends Disposable {
  /** Writes a line that stays, above the live part. */
  print(line: string): void
}

/** Draws on a terminal. */
export function createLive(terminal: WriteStream, view: () => DropView | null): Live {
  let drawn = 0
  const timer = setInterval(draw, 100)

  function erase(): void {
    if (drawn > 0) terminal.write(`\u001B[${String(drawn)}A\u001B[J`)
    drawn = 0
  }
  function draw(): void {
    const current = view()
    if (!current) return
    // What does not fit on the screen cannot be redrawn in place.
    const lines = renderDrop(current, Date.now(), terminal.columns).slice(0, terminal.rows - 1)
    erase()
    terminal.write(`${lines.join('\n')}\n`)
    drawn = lines.length
  }
  return {
    print(line) {
      erase()
      terminal.write(`${line}\n`)
      draw()
    },
    [Symbol.dispose]() {
      clearInterval(timer)
      draw()
    },
  }
}
