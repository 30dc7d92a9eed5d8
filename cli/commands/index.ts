import type { Command } from '../usage.ts'

/**
 * Every sub-command, in the order of the overview. Each is loaded only when it is called: a service that runs for
 * months does not carry what draws progress on a terminal.
 */
const loaders: Readonly<Record<string, () => Promise<Command>>> = {
  drop: async () => (await import('./drop.ts')).dropCommand,
  up: async () => (await import('./serve.ts')).upCommand,
  serve: async () => (await import('./serve.ts')).serveCommand,
  migrate: async () => (await import('./migrate.ts')).migrateCommand,
  bridge: async () => (await import('./bridge.ts')).bridgeCommand,
  status: async () => (await import('./status.ts')).statusCommand,
  bless: async () => (await import('./ask.ts')).blessCommand,
  cancel: async () => (await import('./ask.ts')).cancelCommand,
  retry: async () => (await import('./ask.ts')).retryCommand,
  supersede: async () => (await import('./ask.ts')).supersedeCommand,
  events: async () => (await import('./events.ts')).eventsCommand,
  doctor: async () => (await import('./doctor.ts')).doctorCommand,
  emulator: async () => (await import('./emulator.ts')).emulatorCommand,
}

export async function findCommand(name: string): Promise<Command | undefined> {
  return Object.hasOwn(loaders, name) ? await loaders[name]?.() : undefined
}

export async function allCommands(): Promise<Command[]> {
  return await Promise.all(Object.values(loaders).map((load) => load()))
}

/** The commands, one line each, as `imagedrop help` prints them. */
export async function overview(): Promise<string> {
  const commands = await allCommands()
  const width = Math.max(...commands.map((command) => command.name.length))
  const lines = commands.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`)
  return `usage: imagedrop COMMAND\n\n${lines.join('\n')}\n\nimagedrop COMMAND --help tells more.\n`
}
