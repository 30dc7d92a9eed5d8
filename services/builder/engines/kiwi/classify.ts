import type { FailureClass } from '#events/vocabulary.ts'
import { messageOf } from '#service/errors.ts'
import { ToolFailed } from '#subprocess/errors.ts'
import { classifyTool, type Meanings } from '../classify-tool.ts'
import { isEndedFromOutside } from '../confined.ts'

/** What KIWI's last words mean, most telling first: what the tools under it say, then the names of its own errors. */
const meanings: Meanings = [
  [/No space left on device/i, 'capacity'],
  [
    /Temporary failure (in name resolution|resolving)|Could not (resolve|connect)|Connection (timed out|refused|reset)/i,
    'transient',
  ],
  [/Failed to fetch|Mirror sync in progress|Hash Sum mismatch|KiwiUriOpenError/, 'transient'],
  [/Unable to locate package|has no installation candidate|unmet dependencies/, 'recipe'],
  [
    /Kiwi(Loop|MappedDevice|Mount|UmountBusy|Privileges|CommandNotFound|CommandCapabilities|DeviceProvider)\w*:?/,
    'environment',
  ],
  [/unshare: |Operation not permitted|: not found$/m, 'environment'],
  [
    /Kiwi(ScriptFailed|DescriptionInvalid|Runtime|Size|Partition\w*TooSmall|VolumeTooSmall|KernelLookup|SatSolver)\w*:?/,
    'recipe',
  ],
  [/Kiwi(BootStrapPhaseFailed|DebianBootstrap|InstallPhaseFailed|SystemInstallPackagesFailed)\w*:?/, 'recipe'],
]

/** What an operator has to do about a failed build by KIWI. */
export function classifyKiwi(error: unknown): FailureClass {
  return isEndedFromOutside(error) ? 'transient' : classifyTool(error, meanings)
}

/** What gave the class, in the words of the tool that said it; else the last that KIWI called an error. */
export function explainKiwi(error: unknown): string {
  if (!(error instanceof ToolFailed) || error.end.why !== 'exit') return messageOf(error)
  const lines = error.tail.split(/[\r\n]+/).map((line) => line.trim())
  const telling = meanings.find(([pattern]) => pattern.test(error.tail))?.[0]
  const said =
    lines.findLast((line) => telling?.test(line)) ??
    lines.findLast((line) => line.startsWith('[ ERROR') || /^Kiwi\w+:/.test(line))
  return said === undefined ? messageOf(error) : `KIWI: ${said.replace(/^\[ \w+ *\]: [\d:]+ \| /, '').slice(0, 500)}`
}
