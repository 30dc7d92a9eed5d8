import type { Command } from '../command.ts'
import { nearest } from '../nearest.ts'
import { UsageError } from '../usage.ts'

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
  profile: async () => (await import('./profile.ts')).profileCommand,
  bless: async () => (await import('./ask.ts')).blessCommand,
  cancel: async () => (await import('./ask.ts')).cancelCommand,
  retry: async () => (await import('./ask.ts')).retryCommand,
  supersede: async () => (await import('./ask.ts')).supersedeCommand,
  retention: async () => (await import('./retention.ts')).retentionCommand,
  artifacts: async () => (await import('./artifacts.ts')).artifactsCommand,
  verify: async () => (await import('./verify.ts')).verifyCommand,
  reproduce: async () => (await import('./reproduce.ts')).reproduceCommand,
  compare: async () => (await import('./compare.ts')).compareCommand,
  check: async () => (await import('./check.ts')).checkCommand,
  'check-machine': async () => (await import('./check-machine.ts')).checkMachineCommand,
  'boot-test': async () => (await import('./boot-test.ts')).bootTestCommand,
  withdraw: async () => (await import('./ask.ts')).withdrawCommand,
  announce: async () => (await import('./announce.ts')).announceCommand,
  audit: async () => (await import('./audit.ts')).auditCommand,
  events: async () => (await import('./events.ts')).eventsCommand,
  cache: async () => (await import('./cache.ts')).cacheCommand,
  doctor: async () => (await import('./doctor.ts')).doctorCommand,
  emulator: async () => (await import('./emulator.ts')).emulatorCommand,
}

/** The command of a name. Throws UsageError, with the name that was perhaps meant. */
export async function findCommand(name: string): Promise<Command> {
  const load = Object.hasOwn(loaders, name) ? loaders[name] : undefined
  if (load !== undefined) return await load()
  const meant = nearest(name, Object.keys(loaders))
  const advice = meant === null ? '`imagedrop help` lists them' : `did you mean ${meant}?`
  throw new UsageError(`there is no command ${JSON.stringify(name)}; ${advice}`)
}

export async function allCommands(): Promise<Command[]> {
  return await Promise.all(Object.values(loaders).map((load) => load()))
}

/** The commands, one line each, as `imagedrop help` prints them. */
export async function overview(): Promise<string> {
  const commands = await allCommands()
  const width = Math.max(...commands.map((command) => command.name.length))
  const lines = commands.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`)
  return `usage: imagedrop COMMAND [OPTION]…

${lines.join('\n')}

imagedrop COMMAND --help explains its options, imagedrop --version prints the version.
Exit status: 0 done, 1 not done and why is said, 2 the command line is wrong.
`
}
