import { parseArgs } from 'node:util'
import { messageOf } from '#service/errors.ts'
import { nearest } from './nearest.ts'
import type { Argument, Option, Options } from './option.ts'
import { UsageError } from './usage.ts'

interface Declared {
  readonly name: string
  readonly argument?: Argument
  readonly options: Options
}

/** Reads a command line by the declaration of its command. Throws UsageError, in one line that names the option. */
export function parseArguments(
  command: Declared,
  args: readonly string[],
): { values: Record<string, unknown>; positionals: string[] } {
  const { argument, options } = command
  const values: Record<string, unknown> = Object.fromEntries(Object.entries(options).map(unset))
  const positionals: string[] = []
  for (const token of tokensOf(command, args)) {
    if (token.kind === 'positional') positionals.push(token.value)
    if (token.kind !== 'option') continue
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined
    if (option === undefined) throw unknownOption(command, token.rawName)
    values[token.name] = valueOf(command, option, token)
  }
  const count = argument?.count ?? 1
  if (argument !== undefined && argument.optional !== true && positionals.length < count) {
    const which = positionals.length === 0 ? argument.name : `another ${argument.name}`
    throw new UsageError(`${command.name}: ${which} is missing: ${argument.means}`)
  }
  const extra = positionals[argument === undefined ? 0 : argument.many === true ? Infinity : count]
  if (extra !== undefined) throw new UsageError(`${command.name}: one argument too many: ${JSON.stringify(extra)}`)
  return { values, positionals }
}

/** Not strict: then it is us who say what is wrong, in one line each. */
function tokensOf({ options }: Declared, args: readonly string[]) {
  const types = Object.entries(options).map(([name, option]) => {
    return [name, { type: option.value === undefined ? ('boolean' as const) : ('string' as const) }] as const
  })
  return parseArgs({ args: [...args], options: Object.fromEntries(types), strict: false, tokens: true }).tokens
}

function unset([name, option]: [string, Option]): [string, unknown] {
  if (option.value === undefined) return [name, false]
  return [name, option.default === undefined ? undefined : readValue(option, option.default)]
}

interface OptionToken {
  readonly name: string
  readonly rawName: string
  readonly value: string | undefined
  readonly inlineValue: boolean | undefined
}

function valueOf({ name: command }: Declared, option: Option, { name, value, inlineValue }: OptionToken): unknown {
  if (option.value === undefined) {
    if (value === undefined) return true
    throw new UsageError(`${command}: --${name} is a switch and takes no value, got ${JSON.stringify(value)}`)
  }
  // `--state --json` has more likely forgotten a value than meant this one.
  if (value === undefined || value === '' || (inlineValue !== true && /^-./.test(value))) {
    throw new UsageError(`${command}: --${name} wants a value: --${name} ${option.example ?? option.value}`)
  }
  try {
    return readValue(option, value)
  } catch (error) {
    throw new UsageError(`${command}: --${name}: ${messageOf(error)}, got ${JSON.stringify(value)}`, { cause: error })
  }
}

function readValue({ read = String }: Option, text: string): unknown {
  return read(text)
}

function unknownOption({ name, options }: Declared, given: string): UsageError {
  const known = [...Object.keys(options), 'help'].map((one) => `--${one}`)
  const meant = nearest(given, known)
  const advice = meant === null ? `\`imagedrop ${name} --help\` explains those that it has` : `did you mean ${meant}?`
  return new UsageError(`${name}: there is no option ${given}; ${advice}`)
}
