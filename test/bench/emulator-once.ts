import { pino } from 'pino'
import { startEmulator } from '../../services/ec2-publisher/emulator/start.ts'
import type { Delays } from '../../services/ec2-publisher/emulator/world.ts'

// `emulator-once.ts FOLDER DELAYS`: an emulated EC2 in a process of its own, where things take as long as is told in JSON; prints its address.
const [, , folder = '', delays = '{}'] = process.argv
const emulator = await startEmulator({
  folder,
  log: pino({ level: 'silent' }),
  publicImageQuota: 1000,
  optedIn: 'all',
  delays: JSON.parse(delays) as Partial<Delays>,
})
console.info(emulator.url)
