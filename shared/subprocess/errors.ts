/** The tool is not on this machine. */
export class ToolMissing extends Error {
  override name = 'ToolMissing'
  readonly code = 'TOOL_MISSING'
  readonly tool: string

  constructor(tool: string, options?: ErrorOptions) {
    super(`${tool} is not installed; \`imagedrop doctor\` tells how to install it`, options)
    this.tool = tool
  }
}

/** Why a tool did not end well: by itself, by a signal of somebody else, or by one of our two deadlines. */
export type ToolEnd =
  | { readonly why: 'exit'; readonly code: number }
  | { readonly why: 'signal'; readonly signal: string }
  | { readonly why: 'deadline'; readonly milliseconds: number }
  | { readonly why: 'idle'; readonly milliseconds: number }

/** The tool ended badly. `tail` holds the last lines of its output, `log` the file with all of them. */
export class ToolFailed extends Error {
  override name = 'ToolFailed'
  readonly code = 'TOOL_FAILED'
  readonly tool: string
  readonly end: ToolEnd
  readonly tail: string
  readonly log: string | null

  constructor(tool: string, end: ToolEnd, tail: string, log: string | null) {
    const last = lastWords(tail)
    super(`${tool} ${describeEnd(end)}${last ? `: ${last}` : ''}`)
    this.tool = tool
    this.end = end
    this.tail = tail
    this.log = log
  }
}

function describeEnd(end: ToolEnd): string {
  switch (end.why) {
    case 'exit':
      return `ended with status ${String(end.code)}`
    case 'signal':
      return `was ended by ${end.signal}`
    case 'deadline':
      return `did not end within ${String(end.milliseconds / 1000)} s`
    case 'idle':
      return `gave no sign of life for ${String(end.milliseconds / 1000)} s`
  }
}

/** The line that most likely says what went wrong: the last one that speaks of an error, else the last. */
function lastWords(tail: string): string {
  const lines = tail.split(/[\r\n]+/).filter((line) => line.trim() !== '')
  return (
    lines.findLast((line) => /error|failed|fatal|cannot|no space|not found/i.test(line)) ??
    lines.at(-1) ??
    ''
  ).trim()
}
