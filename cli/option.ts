/** One option, as a command declares it: what is parsed, what help says, and what the documents show come from here. */
export interface Option {
  /** What stands for its value in help: `DIR`. Without it the option is a switch. */
  readonly value?: string
  /** What it does; a value with its unit. */
  readonly means: string
  /** What holds when it is not given. */
  readonly default?: string
  /** The same in words, where it is no fixed value. */
  readonly otherwise?: string
  /** A value that makes sense. */
  readonly example?: string
  /** It is an option no more; who still gives it is told so, and help leaves it out. */
  readonly gone?: true
  /** Reads the value. Throws an Error that says what was expected. */
  readonly read?: (text: string) => unknown
}

export type Options = Readonly<Record<string, Option>>

/** What a command takes besides options. */
export interface Argument {
  readonly name: string
  readonly means: string
  readonly optional?: true
  /** One or more. */
  readonly many?: true
  /** Exactly so many. */
  readonly count?: number
}
