import { parseArgs, type ParseArgsConfig } from 'node:util'
import { messageOf } from '#service/errors.ts'

/** The command line is not what the command takes. */
export class UsageError extends Error {
  override name = 'UsageError'
  readonly code = 'USAGE'
}

/** One sub-command. */
export interface Command {
  readonly name: string
  readonly usage: string
  /** One line for the overview. */
  readonly summary: string
  /** Resolves with the exit status. */
  readonly run: (args: readonly string[]) => Promise<number>
}

/** Parses a command's options and arguments. Throws UsageError naming the option. */
export function parseOptions<const Options extends NonNullable<ParseArgsConfig['options']>>(
  command: Pick<Command, 'usage'>,
  args: readonly string[],
  options: Options,
  { positionals = 0 }: { positionals?: number } = {},
) {
  try {
    const parsed = parseArgs({ args: [...args], options, allowPositionals: positionals > 0, strict: true })
    if (parsed.positionals.length > positionals) {
      throw new Error(`one argument too many: ${JSON.stringify(parsed.positionals[positionals])}`)
    }
    return parsed
  } catch (error) {
    throw new UsageError(`${messageOf(error)}\n\n${command.usage}`, { cause: error })
  }
}
