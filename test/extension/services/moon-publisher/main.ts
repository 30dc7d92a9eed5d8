import { join } from 'node:path'
import { bindService } from '#service/bind.ts'
import type { Assemble } from '#service/host.ts'
import { moonPublisher } from './service.ts'

export const assemble: Assemble = ({ stateFolder }) =>
  Promise.resolve({ service: bindService(moonPublisher, { mirror: join(stateFolder, 'mirror') }) })
