import { emulatorAccount } from '#publishing/emulator-account.ts'
import type { UploadOrder } from '../../services/ec2-publisher/cloud.ts'
import { createDirectCloud } from '../../services/ec2-publisher/cloud/direct-cloud.ts'
import type { Ec2Settings } from '../../services/ec2-publisher/config.ts'

/** What an upload took: seconds from one phase to the next, bytes of blocks that were sent, and the most memory, in MB. */
export interface UploadFigures {
  readonly sending: number
  /** From the last image that was registered to the last copy of all. */
  readonly copying: number
  readonly bytes: number
  readonly memory: number
  readonly places: number
}

// `upload-once.ts SETTINGS ORDERS`: a process of its own that registers images, all told in JSON, as the publisher's process does.
const [, , settings = '{}', orders = '[]'] = process.argv
const cloud = createDirectCloud(JSON.parse(settings) as Ec2Settings, emulatorAccount)
let began = 0
let sent = 0
let registered = 0
const uploaded = await Promise.all(
  (JSON.parse(orders) as UploadOrder[]).map((order) =>
    cloud.upload(order, {
      signal: new AbortController().signal,
      logFolder: '',
      progress({ phase }) {
        const now = performance.now()
        if (phase.startsWith('uploading') && began === 0) began = now
        if (phase.startsWith('registering')) sent = now
        if (phase.startsWith('copying') && registered < sent) registered = now
      },
    }),
  ),
)
const figures: UploadFigures = {
  sending: (sent - began) / 1000,
  copying: (performance.now() - registered) / 1000,
  bytes: uploaded.reduce((sum, { bytes }) => sum + bytes, 0),
  memory: (process.resourceUsage().maxRSS * 1024) / 1e6,
  places: uploaded.reduce((sum, { registrations }) => sum + registrations.length, 0),
}
console.info(JSON.stringify(figures))
