import { resolve } from 'node:path'
import { pino } from 'pino'
import { defineCommand } from '../command.ts'
import { stateOption, wholeNumber } from '../options.ts'
import { findServices } from '../services.ts'
import { waitForEnd } from '../signals.ts'
import { findStandIn, folderOf } from '../stand-ins.ts'
import { stateFolderOf } from '../stack.ts'

export const emulatorCommand = defineCommand({
  name: 'emulator',
  summary: 'run the emulator of a cloud by itself, and print the settings that point a service at it',
  argument: { name: 'TARGET', means: 'what is emulated, by the name that plans have for it' },
  options: {
    port: {
      value: 'PORT',
      means: 'the TCP port that it listens on; 0 is any that is free',
      default: '0',
      example: '4566',
      read: wholeNumber(0, 65_535),
    },
    folder: {
      value: 'DIR',
      means: 'where it keeps what it is told',
      otherwise: 'TARGET-emulator in the state folder',
      example: '/var/lib/emulated-cloud',
    },
    state: stateOption,
  },
  examples: ['emulator ec2 --port 4566'],
  exits: { 0: 'stopped as told (SIGTERM, SIGINT)', 1: 'it could not listen, or its folder cannot be used' },
  async run({ values, args: [target = ''], env }) {
    const standIn = await findStandIn(await findServices(env), target)
    const end = waitForEnd()
    const folder = resolve(values.folder ?? folderOf(target, stateFolderOf(values.state, env)))
    const emulator = await standIn.start({ folder, port: values.port, log: pino() })
    const settings = Object.entries(standIn.settings(emulator.url)).map(([name, value]) => `${name}=${value}\n`)
    process.stdout.write(`${emulator.url}\n${settings.join('')}`)
    await end
    await emulator.close()
    return 0
  },
})
