import type { Meanings } from '../installer/classify.ts'
import { ozMeanings, ozSteps } from '../installer/oz-words.ts'
import type { ToolWords } from '../installer/run-tool.ts'

/** What the shim and ImageFactory say, and Oz within it. */
export const imagefactoryWords: ToolWords = {
  steps: [[/Cleaning up any old Oz guest/, 'starting'], ...ozSteps],
  success: /^\{"status": "COMPLETE", "disk": /,
  failures: [/^\{"status": "(FAILED|DELETED|DELETING)"/],
}

/** What its failures mean. */
export const imagefactoryMeanings: Meanings = [
  [/No module named|\/etc\/imagefactory|\/etc\/oz/, 'environment'],
  ...ozMeanings,
]
