import { join } from 'node:path'
import { pino } from 'pino'
import { bindService } from '#service/bind.ts'
import type { Assemble } from '#service/host.ts'
import { findServices } from '../../cli/services.ts'
import { waitForEnd } from '../../cli/signals.ts'
import { startStack } from '../../cli/stack.ts'
import { ec2Publisher } from '../../services/ec2-publisher/service.ts'
import { nullAssemble } from '../bench/null-services.ts'
import { createFolderCloud } from './folder-cloud.ts'
import { withWaits } from './waiting-services.ts'

/**
 * A process of one service, as `imagedrop serve` runs it, for tests and measurements: `serve.ts SERVICE
 * real|waiting|null`. `real` is the service itself over a cloud in a folder; `waiting` is the same, but some wait before
 * they work; with `null`, all but the scheduler do nothing.
 */
const [name = '', kind = ''] = process.argv.slice(2)
const stateFolder = process.env['IMAGEDROP_STATE'] ?? ''
const log = pino({ level: process.env['IMAGEDROP_TEST_LOG'] ?? 'warn', base: { pid: process.pid, name } })

const services = await findServices(process.env)
const end = waitForEnd()
const stack = await startStack({
  stateFolder,
  services,
  run: [services.parse(name)],
  env: process.env,
  log,
  assembleFor:
    kind === 'null'
      ? (service) => Promise.resolve(nullAssemble(service))
      : async (service) => (kind === 'waiting' ? withWaits(await assembleReal(service)) : await assembleReal(service)),
})
stack.bus.givenUp.addEventListener('abort', () => {
  log.fatal({ err: stack.bus.givenUp.reason as unknown }, 'given up')
  process.exit(1)
})
process.stdout.write('{"msg":"listening"}\n')
await end
await stack.stop(2_000)

async function assembleReal(service: string): Promise<Assemble> {
  if (service !== 'ec2-publisher') return await services.assemble(service)
  const cloud = createFolderCloud(join(stateFolder, 'cloud'))
  return ({ artifacts }) =>
    Promise.resolve({ service: bindService(ec2Publisher, { artifacts, cloud }, { concurrency: 4 }) })
}
