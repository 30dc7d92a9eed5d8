import type { Command } from './command.ts'
import type { Argument, Option } from './option.ts'

/** Longer lines are broken. */
const columns = 100

/** What `imagedrop COMMAND --help` prints. */
export function renderHelp({ name, summary, argument, options, examples, exits }: Command): string {
  const all = { ...options, help: { means: 'this text' } }
  const statuses = Object.entries({ 2: 'the command line is wrong', ...exits })
  const parts = [
    [`usage: imagedrop ${[name, ...(argument ? [argumentUsage(argument)] : []), '[OPTION]…'].join(' ')}`],
    [summary],
    argument ? renderArgument(argument) : [],
    [
      'options:',
      ...Object.entries(all).flatMap(([option, declared]) =>
        'gone' in declared ? [] : renderOption(option, declared),
      ),
    ],
    [examples.length === 1 ? 'example:' : 'examples:', ...examples.map((example) => `  imagedrop ${example}`)],
    ['exit status:', ...statuses.flatMap(([status, means]) => wrap(means, `  ${status.padEnd(4)}`))],
  ]
  return `${parts
    .filter((part) => part.length > 0)
    .map((part) => part.join('\n'))
    .join('\n\n')}\n`
}

function argumentUsage({ name, optional, many, count = 1 }: Argument): string {
  const text = many === true ? `${name}…` : Array(count).fill(name).join(' ')
  return optional === true ? `[${text}]` : text
}

function renderArgument(argument: Argument): string[] {
  return [`${argumentUsage(argument)}:`, ...wrap(argument.means, '  ')]
}

function renderOption(name: string, { value, means, default: fixed, otherwise = fixed, example }: Option): string[] {
  return [
    `  --${name}${value === undefined ? '' : ` ${value}`}`,
    ...wrap(means, '      '),
    ...(otherwise === undefined ? [] : wrap(`default: ${otherwise}`, '      ')),
    ...(example === undefined ? [] : wrap(`example: --${name} ${example}`, '      ')),
  ]
}

/** Breaks a text into lines; those after the first are indented as the text of the first is. */
function wrap(text: string, start: string): string[] {
  const width = columns - start.length
  const lines = text.match(new RegExp(`\\S.{0,${String(width - 1)}}(?= |$)|\\S+`, 'g')) ?? []
  return lines.map((line, index) => (index === 0 ? start : ' '.repeat(start.length)) + line)
}
