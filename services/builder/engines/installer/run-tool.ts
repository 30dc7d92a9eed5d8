import { run } from '#subprocess/run.ts'
import { NothingBuilt, type EngineContext, type PlannedCommand } from '../engine.ts'
import { InstallationFailed } from './classify.ts'
import { followFile } from './follow-file.ts'
import { createStepReader, type Steps } from './progress.ts'

/** Times in milliseconds, for one run of a tool. */
export interface ToolLimits {
  readonly deadline: number
  readonly idleDeadline: number
}

/** How a tool is understood. */
export interface ToolWords {
  readonly steps: Steps
  /** By what it says in the end that it succeeded: its exit status is not enough. */
  readonly success: RegExp
  /** By what it says that it failed, though it may go on and end well. */
  readonly failures: readonly RegExp[]
  /** Lines that look like failures and are none. */
  readonly harmless?: RegExp
}

interface ToolOptions {
  readonly limits: ToolLimits
  readonly words: ToolWords
  /** A log that the tool leaves to somebody else to write; what is added to it counts as said. */
  readonly follow?: string | undefined
}

/** Runs a tool and believes it only when it ends well, says that it succeeded, and nothing that it said was a failure. */
export async function runTool(
  { argv: [tool, ...args] }: PlannedCommand,
  { signal, progress, logFile }: Pick<EngineContext, 'signal' | 'progress' | 'logFile'>,
  { limits, words, follow }: ToolOptions,
): Promise<void> {
  let failure: string | null = null
  let isFinished = false
  const readStep = createStepReader(words.steps, progress)
  const read = (line: string) => {
    isFinished ||= words.success.test(line)
    if (words.harmless?.test(line) !== true && words.failures.some((pattern) => pattern.test(line))) failure ??= line
    readStep(line)
  }
  let touch = () => {}
  await using _followed =
    follow === undefined
      ? null
      : followFile(follow, (line) => {
          touch()
          read(line)
        })
  try {
    await run(tool, args, {
      signal,
      log: logFile,
      ...limits,
      onLine(line, alive) {
        touch = alive
        read(line)
      },
    })
  } catch (error) {
    signal.throwIfAborted()
    throw failure === null ? error : new InstallationFailed(tool, failure, { cause: error })
  }
  if (failure !== null) throw new InstallationFailed(tool, failure)
  if (!isFinished) throw new NothingBuilt(`${tool} ended well without saying that it succeeded; see ${logFile}`)
}
