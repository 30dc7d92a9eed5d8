import { messageOf } from '#service/errors.ts'
import { findCommand, overview } from './commands/index.ts'
import { UsageError } from './usage.ts'

/** The `imagedrop` command: finds the sub-command, runs it, and turns errors into one clear line. */
async function main(args: readonly string[]): Promise<number> {
  const [name = 'help', ...rest] = args
  if (name === 'help' || name === '--help' || name === '-h') {
    process.stdout.write(await overview())
    return 0
  }
  const command = await findCommand(name)
  if (!command) throw new UsageError(`there is no command ${JSON.stringify(name)}\n\n${await overview()}`)
  if (rest.includes('--help') || rest.includes('-h')) {
    process.stdout.write(`${command.usage}\n\n${command.summary}\n`)
    return 0
  }
  return await command.run(rest)
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`imagedrop: ${messageOf(error)}\n`)
  process.exitCode = error instanceof UsageError ? 2 : 1
}
