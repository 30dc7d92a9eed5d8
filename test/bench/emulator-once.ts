import { pino } from 'pino'
import { startEmulator } from '../../services/ec2-publisher/emulator/start.ts'

// `emulator-once.ts FOLDER COPY`: an emulated EC2 in a process of its own, where a copy takes so many milliseconds; prints its address.
const [, , folder = '', copy = '250'] = process.argv
const emulator = await startEmulator({
  folder,
  log: pino({ level: 'silent' }),
  publicImageQuota: 1000,
  optedIn: 'all',
  delays: { copy: Number(copy) },
})
console.info(emulator.url)
