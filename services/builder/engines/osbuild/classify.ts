import type { FailureClass } from '#events/vocabulary.ts'
import { messageOf } from '#service/errors.ts'
import { ToolFailed } from '#subprocess/errors.ts'
import { classifyTool, type Meanings } from '../classify-tool.ts'
import { isEndedFromOutside } from '../confined.ts'

/** What image-builder's last words mean, most telling first: those of the tools under it come before its own. */
const meanings: Meanings = [
  [/No space left on device/i, 'capacity'],
  [/is not signed|signature .*(NOKEY|not OK)|GPG check FAILED|Signature verification failed/i, 'refused'],
  [
    /Temporary failure in name resolution|Could not resolve host|Connection (timed out|refused|reset)|Curl error|Cannot download|RepoError/i,
    'transient',
  ],
  [/error reading remote gpg key|GPGKeyReadError/, 'transient'],
  [/MarkingErrors|missing packages|No match for argument|package .* does not exist|DepsolveError/i, 'recipe'],
  [/custom (files|directories) are not allowed|customization.* not (supported|allowed)|cannot decode /i, 'recipe'],
  [/unshare: |Operation not permitted|permission denied|executable file not found|: not found$/im, 'environment'],
  [/no image (found|matched)|invalid distro|cannot find (an image|distro)|unsupported distro/i, 'environment'],
]

/** What an operator has to do about a failed build by image-builder. */
export function classifyOsbuild(error: unknown): FailureClass {
  return isEndedFromOutside(error) ? 'transient' : classifyTool(error, meanings)
}

/** What gave the class, in the words of the tool that said it; else what image-builder calls an error. */
export function explainOsbuild(error: unknown): string {
  if (!(error instanceof ToolFailed) || error.end.why !== 'exit') return messageOf(error)
  const lines = error.tail.split('\n').map((line) => line.trim())
  const telling = meanings.find(([pattern]) => pattern.test(error.tail))?.[0]
  const said = lines.findLast((line) => telling?.test(line)) ?? lines.findLast((line) => line.startsWith('error: '))
  return said === undefined ? messageOf(error) : `image-builder: ${said.replace(/^error: /, '').slice(0, 500)}`
}
