import type { Answer } from '../checks/check.ts'

/** What is asked under a name. */
export interface Script {
  readonly name: string
  readonly script: string
}

/**
 * One script that asks everything, because each ssh login costs an emulated guest seconds. The shell reads it from
 * its standard input, so nothing else may.
 */
export function joinScripts(scripts: readonly Script[], nonce: string): string {
  const parts = scripts.map(({ name, script }) =>
    [
      `echo '${mark(nonce)} ${name}'`,
      `( ${script}\n) </dev/null 2>&1`,
      `status=$?; echo; echo "${mark(nonce)} ${name} $status"`,
    ].join('\n'),
  )
  return [`echo '${mark(nonce)} shell'`, ...parts, ''].join('\n')
}

/** What is heard while the script runs. */
interface Listener {
  readonly onShell: () => void
  readonly onAnswer: (check: string, answer: Answer) => void
}

/** Reads the script's output line by line and tells the answers apart. */
export function readAnswers(nonce: string, { onShell, onAnswer }: Listener): (line: string) => void {
  let lines: string[] = []
  return (line) => {
    const marked = new RegExp(`^${mark(nonce)} (\\S+)(?: (\\d+))?$`).exec(line)
    if (!marked) {
      lines.push(line)
      return
    }
    const [, name = '', status] = marked
    if (status !== undefined) onAnswer(name, { status: Number(status), output: lines.join('\n').trimEnd() })
    else if (name === 'shell') onShell()
    lines = []
  }
}

function mark(nonce: string): string {
  return `imagedrop-${nonce}`
}
