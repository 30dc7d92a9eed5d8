import { resolve } from 'node:path'
import { defineCommand } from '../command.ts'
import { logToStandardOutput } from '../log.ts'
import { wholeNumber } from '../options.ts'
import { waitForEnd } from '../signals.ts'

export const ec2EmulatorCommand = defineCommand({
  name: 'ec2-emulator',
  summary: 'run the EC2 emulator by itself',
  options: {
    port: {
      value: 'PORT',
      means: 'the TCP port to listen on, on this host only; 0 is any that is free',
      default: '0',
      example: '8088',
      read: wholeNumber(0, 65_535),
    },
    folder: {
      value: 'DIR',
      means: 'where it keeps what it is told',
      default: '.imagedrop/ec2-emulator',
      example: '/tmp/ec2',
    },
  },
  examples: ['ec2-emulator --port 8088'],
  exits: { 0: 'stopped as told', 1: 'it could not listen, or not write' },
  async run({ values }) {
    const { startEmulator } = await import('../../services/ec2-publisher/emulator/start.ts')
    const emulator = await startEmulator({
      folder: resolve(values.folder),
      port: values.port,
      log: logToStandardOutput(),
    })
    process.stdout.write(`${emulator.url}\n`)
    await waitForEnd()
    await emulator.close()
    return 0
  },
})
