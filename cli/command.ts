import type { Argument, Option, Options } from './option.ts'
import { parseArguments } from './parse-arguments.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** What was given, by the names of the options. */
export type Values<Declared extends Options> = {
  readonly [Name in keyof Declared]: Declared[Name] extends { readonly value: string }
    ? ValueOf<Declared[Name]> | (Declared[Name] extends { readonly default: string } ? never : undefined)
    : boolean
}
type ValueOf<Declared extends Option> = Declared extends { readonly read: (text: string) => infer Value }
  ? Value
  : string

interface Declaration<Declared extends Options> {
  readonly name: string
  /** One line for the overview. */
  readonly summary: string
  readonly argument?: Argument
  readonly options: Declared
  /** What people type, without `imagedrop`. */
  readonly examples: readonly string[]
  /** The meaning of each exit status; 2, for a wrong command line, is the same for all. */
  readonly exits: Readonly<Record<number, string>>
  /** Resolves with the exit status. */
  readonly run: (given: {
    readonly values: Values<Declared>
    readonly args: readonly string[]
    readonly env: Environment
  }) => Promise<number>
}

/** One sub-command. */
export interface Command extends Omit<Declaration<Options>, 'run'> {
  readonly run: (args: readonly string[], env: Environment) => Promise<number>
}

/** A sub-command from its declaration. */
export function defineCommand<const Declared extends Options>(declared: Declaration<Declared>): Command {
  return {
    ...declared,
    run: async (args, env) => {
      const { values, positionals } = parseArguments(declared, args)
      return await declared.run({ values: values as Values<Declared>, args: positionals, env })
    },
  }
}
