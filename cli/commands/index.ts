import type { Command } from '../usage.ts'
import { blessCommand, cancelCommand, retryCommand, supersedeCommand } from './ask.ts'
import { doctorCommand } from './doctor.ts'
import { dropCommand } from './drop.ts'
import { ec2EmulatorCommand } from './ec2-emulator.ts'
import { eventsCommand } from './events.ts'
import { serveCommand, upCommand } from './serve.ts'
import { statusCommand } from './status.ts'

/** Every sub-command, in the order of the overview. */
export const commands: readonly Command[] = [
  dropCommand,
  upCommand,
  serveCommand,
  statusCommand,
  blessCommand,
  cancelCommand,
  retryCommand,
  supersedeCommand,
  eventsCommand,
  doctorCommand,
  ec2EmulatorCommand,
]

export function findCommand(name: string): Command | undefined {
  return commands.find((command) => command.name === name)
}

/** The commands, one line each, as `imagedrop help` prints them. */
export function overview(): string {
  const width = Math.max(...commands.map((command) => command.name.length))
  const lines = commands.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`)
  return `usage: imagedrop COMMAND\n\n${lines.join('\n')}\n\nimagedrop COMMAND --help tells more.\n`
}
