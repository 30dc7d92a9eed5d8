import { readFile } from 'node:fs/promises'
import { messageOf } from '#service/errors.ts'
import type { Environment } from './command.ts'
import { findCommand, overview } from './commands/index.ts'
import { renderHelp } from './help.ts'
import { UsageError } from './usage.ts'

/** The `imagedrop` command: finds the sub-command, runs it, and turns errors into one clear line. */
async function main([name = 'help', ...rest]: readonly string[], env: Environment): Promise<number> {
  if (name === '--version' || name === '-V') return print(`imagedrop ${await version()}\n`)
  if (asksForHelp([name]) || name === 'help') {
    const about = rest.find((one) => !one.startsWith('-'))
    return print(about === undefined ? await overview() : renderHelp(await findCommand(about)))
  }
  const command = await findCommand(name)
  if (asksForHelp(rest)) return print(renderHelp(command))
  return await command.run(rest, env)
}

/** Whatever else is wrong with the command line; but after `--` all are arguments. */
function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--')
  return args.slice(0, end === -1 ? args.length : end).some((one) => one === '--help' || one === '-h')
}

async function version(): Promise<string> {
  const text = await readFile(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

function print(text: string): number {
  process.stdout.write(text)
  return 0
}

try {
  process.exitCode = await main(process.argv.slice(2), process.env)
} catch (error) {
  process.stderr.write(`imagedrop: ${messageOf(error)}\n`)
  process.exitCode = error instanceof UsageError ? 2 : 1
}
