import type { FailureClass } from '#events/vocabulary.ts'
import { messageOf } from '#service/errors.ts'
import { ToolFailed } from '#subprocess/errors.ts'
import { classifyTool, type Meanings } from '../classify-tool.ts'

/** What mkosi's last words mean, most telling first. */
const meanings: Meanings = [
  [/No space left on device/i, 'capacity'],
  // Signed by nobody, or by somebody whose key the operator did not name: no engine is to build with it.
  [/GPG check FAILED|PGP check for package .* failed|Signature verification failed/i, 'refused'],
  [
    /Temporary failure (in name resolution|resolving)|Could not (resolve|connect)|Connection (timed out|refused|reset)/i,
    'transient',
  ],
  [
    /Failed to fetch|Mirror sync in progress|Hash Sum mismatch|Cannot download|Curl error|Failed to download metadata/i,
    'transient',
  ],
  [
    /Unable to locate package|has no installation candidate|unmet dependencies|No match for argument|Unable to find a match/i,
    'recipe',
  ],
  [/Unknown setting|is not a valid|Packages? .* not available/i, 'recipe'],
  [/mkosi\.(postinst|finalize|postoutput|prepare)/i, 'recipe'],
  [
    /newuidmap|unshare|Operation not permitted|user namespace|was not found|Keyring for repo|is required to build/i,
    'environment',
  ],
]

/** What an operator has to do about a failed build by mkosi. */
export function classifyMkosi(error: unknown): FailureClass {
  return classifyTool(error, meanings)
}

/** The package manager's own error where there is one, else what gave the class: what mkosi says after it only repeats the command. */
export function explainMkosi(error: unknown): string {
  if (!(error instanceof ToolFailed) || error.end.why !== 'exit') return messageOf(error)
  const lines = error.tail.split('\n').map((line) => line.trim())
  const said =
    lines.findLast((line) => /Failing package is: |PGP check for package .* failed/.test(line)) ??
    lines.findLast((line) => /^(E: |Error: |error: )/.test(line)) ??
    lines.findLast((line) => meanings.some(([pattern]) => pattern.test(line))) ??
    lines.findLast((line) => line.startsWith('‣'))
  return said === undefined ? messageOf(error) : `mkosi: ${said.replace(/^‣\s*/, '').slice(0, 500)}`
}
