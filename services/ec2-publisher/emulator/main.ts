import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { emulatorAccount } from './credentials.ts'
import { startEmulator } from './start.ts'

// The emulator by itself: node services/ec2-publisher/emulator/main.ts --port 4566 --folder /var/tmp/ec2

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    folder: { type: 'string' },
    quota: { type: 'string', default: '5' },
  },
})
if (values.folder === undefined) throw new Error('--folder is missing: where the emulated cloud is kept')
const log = pino({ name: 'ec2-emulator' })
const port = Number(values.port)
const publicImageQuota = Number(values.quota)
const emulator = await startEmulator({ folder: values.folder, port, publicImageQuota, log })
const { accessKeyId, secretAccessKey } = emulatorAccount
log.info({ url: emulator.url, accessKeyId, secretAccessKey }, 'starting')
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    void emulator.close()
  })
