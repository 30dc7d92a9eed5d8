import { resolve } from 'node:path'
import { pino } from 'pino'
import { waitForEnd } from '../signals.ts'
import { parseOptions, type Command } from '../usage.ts'

export const ec2EmulatorCommand: Command = {
  name: 'ec2-emulator',
  usage: 'usage: imagedrop ec2-emulator [--port PORT] [--folder DIR]',
  summary: 'run the EC2 emulator by itself',
  async run(args) {
    const options = { port: { type: 'string' }, folder: { type: 'string' } } as const
    const { values } = parseOptions(ec2EmulatorCommand, args, options)
    const { startEmulator } = await import('../../services/ec2-publisher/emulator/start.ts')
    const folder = resolve(values.folder ?? '.imagedrop/ec2-emulator')
    const emulator = await startEmulator({ folder, port: Number(values.port ?? 0), log: pino() })
    process.stdout.write(`${emulator.url}\n`)
    await waitForEnd()
    await emulator.close()
    return 0
  },
}
