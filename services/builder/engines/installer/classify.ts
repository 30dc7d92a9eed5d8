import type { FailureClass } from '#events/vocabulary.ts'
import { isDiskFull } from '#files/errors.ts'
import { messageOf } from '#service/errors.ts'
import { failureClassOf } from '#service/failure.ts'
import { ToolFailed } from '#subprocess/errors.ts'

/** What a tool's words mean, most telling first. */
export type Meanings = readonly (readonly [RegExp, FailureClass])[]

/** What installers and their package managers say, whichever tool runs them. */
const common: Meanings = [
  [
    /No space left on device|insufficient disk space|Not enough disk space|Not enough room on|Out of memory|Cannot allocate memory/i,
    'capacity',
  ],
  [
    /Temporary failure in name resolution|Could ?n[o']t (resolve|connect)|Connection (timed out|refused|reset)|Curl error|HTTP Error 5\d\d|Failed to download metadata|Cannot (download|retrieve) repo|Could not reach \S+ to fetch/i,
    'transient',
  ],
  [/loop device|losetup|umount|device or resource busy|run this as root|Operation not permitted/i, 'environment'],
  [
    /NoSuchPackage|No match for argument|Unable to find a match|nothing provides|packaging: .* requires |scriptlet|kickstart|No such group/i,
    'recipe',
  ],
]

/** The log of a tool says that it failed, whatever its exit status says. */
export class InstallationFailed extends Error {
  override name = 'InstallationFailed'
  readonly code = 'INSTALLATION_FAILED'
  readonly line: string

  constructor(tool: string, line: string, options?: ErrorOptions) {
    super(`${tool}: ${line.trim().slice(0, 500)}`, options)
    this.line = line
  }
}

/** How an engine's errors are taken, with what its own tool says before what all of them do. */
export function describeErrors(own: Meanings) {
  const meanings = [...own, ...common]
  const meaningOf = (text: string) => meanings.find(([pattern]) => pattern.test(text))
  return {
    classify(this: void, error: unknown): FailureClass {
      if (isDiskFull(error)) return 'capacity'
      if (error instanceof InstallationFailed) return meaningOf(error.line)?.[1] ?? 'recipe'
      if (error instanceof ToolFailed && error.end.why === 'exit') return meaningOf(error.tail)?.[1] ?? 'bug'
      return failureClassOf(error)
    },
    explain(this: void, error: unknown): string {
      if (!(error instanceof ToolFailed) || error.end.why !== 'exit') return messageOf(error)
      const [pattern] = meaningOf(error.tail) ?? []
      const said = pattern && error.tail.split(/[\r\n]+/).findLast((line) => pattern.test(line))
      return said === undefined ? messageOf(error) : `${error.tool}: ${said.trim().slice(0, 500)}`
    },
  }
}
