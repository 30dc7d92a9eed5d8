import { resolve } from 'node:path'
import { pino } from 'pino'
import { findServices } from '../services.ts'
import { waitForEnd } from '../signals.ts'
import { findStandIn, folderOf } from '../stand-ins.ts'
import { stateFolderOf } from '../stack.ts'
import { parseOptions, UsageError, type Command } from '../usage.ts'

export const emulatorCommand: Command = {
  name: 'emulator',
  usage: 'usage: imagedrop emulator TARGET [--port PORT] [--folder DIR]',
  summary: 'run the emulator of a cloud by itself, and print the settings that point a service at it',
  async run(args) {
    const options = { port: { type: 'string' }, folder: { type: 'string' } } as const
    const { values, positionals } = parseOptions(emulatorCommand, args, options, { positionals: 1 })
    const [target] = positionals
    if (target === undefined) throw new UsageError(`the emulator of what?\n\n${emulatorCommand.usage}`)
    const standIn = await findStandIn(await findServices(process.env), target)
    const end = waitForEnd()
    const folder = resolve(values.folder ?? folderOf(target, stateFolderOf(undefined)))
    const emulator = await standIn.start({ folder, port: Number(values.port ?? 0), log: pino() })
    const settings = Object.entries(standIn.settings(emulator.url)).map(([name, value]) => `${name}=${value}\n`)
    process.stdout.write(`${emulator.url}\n${settings.join('')}`)
    await end
    await emulator.close()
    return 0
  },
}
