import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { dropRequested, type DropRequested } from '#events/operator.ts'
import { messageOf } from '#service/errors.ts'
import { askInLedger } from '../ask.ts'
import { emulateEc2, hasEc2 } from '../ec2.ts'
import { environmentFor, hostDistribution } from '../environment.ts'
import { followDrop, type Followed } from '../follow.ts'
import { readLedgerSettings } from '../backends/settings.ts'
import { followElsewhere } from '../follow-elsewhere.ts'
import { lockServices } from '../lock.ts'
import { serviceNames } from '../services.ts'
import { waitForEnd } from '../signals.ts'
import { openLog, startStack, stateFolderOf } from '../stack.ts'
import { parseOptions, UsageError, type Command } from '../usage.ts'
import { createScreen, type Screen } from '../view/screen.ts'
import { makeComposeMessage } from '../../services/scheduler/intake/from-repositories.ts'
import { readComposeMessage } from '../../services/scheduler/intake/read-message.ts'
import { readHostMirror } from '../../services/builder/packages/host-mirror.ts'
import { mirrorByMetalink } from '../../services/builder/packages/metalink.ts'

const options = {
  distribution: { type: 'string' },
  compose: { type: 'string' },
  images: { type: 'string' },
  state: { type: 'string' },
  mirror: { type: 'string' },
  json: { type: 'boolean' },
} as const

/** On Ctrl-C, running tools are ended at once; what is finished stays finished, and the next run goes on from there. */
const grace = 500

export const dropCommand: Command = {
  name: 'drop',
  usage:
    'usage: imagedrop drop [--distribution debian-12] [--compose FILE|URL|-] [--images generic.x86_64,…] [--state DIR] [--mirror URL] [--json]',
  summary: 'turn one compose into a published drop, here or through the services of a shared ledger, and exit',
  async run(args) {
    const { values } = parseOptions(dropCommand, args, options)
    const stateFolder = stateFolderOf(values.state)
    const end = waitForEnd()
    const { request, location } = await prepare(values)
    if (readLedgerSettings(process.env).url !== undefined) {
      using screen = createScreen({ json: values.json === true })
      screen.note(`compose: ${String(request.message['compose_id'])}; the services run elsewhere`)
      return status[await followElsewhere(request, { stateFolder, screen, end })]
    }
    const log = await openLog(stateFolder)
    await using _lock = await lockServices(stateFolder, serviceNames)
    await using emulator = hasEc2(process.env) ? null : await emulateEc2(stateFolder, log)
    const env = { ...environmentFor({ mirror: values.mirror, location }), ...emulator?.env }
    const stack = await startStack({ stateFolder, services: serviceNames, env, log })
    try {
      using screen = createScreen({ json: values.json === true })
      announceStart(screen, request, emulator !== null)
      const { id: requestId } = await askInLedger(stack.ledger, dropRequested, request)
      const composeId = String(request.message['compose_id'])
      const followed = followDrop(stack, { requestId, composeId, screen })
      const result = await Promise.race([followed, end.then(() => 'stopped' as const)])
      if (result === 'stopped') screen.note('stopping; the next run goes on from the finished steps')
      return status[result]
    } finally {
      await stack.stop(grace)
    }
  },
}

const status: Readonly<Record<Followed | 'stopped', number>> = { announced: 0, failed: 1, stopped: 130 }

/** What is asked for; by whom, the ledger tells. */
type Asked = Omit<DropRequested, 'by'>

interface Values {
  readonly distribution?: string | undefined
  readonly compose?: string | undefined
  readonly images?: string | undefined
  readonly mirror?: string | undefined
}

/** Takes the compose message from where it was told to, or makes one for the distribution's repositories of now. */
async function prepare(values: Values): Promise<{ request: Asked; location?: string }> {
  const images = values.images?.split(',').map((image) => image.trim()) ?? null
  if (values.compose !== undefined) {
    const { topic, message } = readComposeMessage(await readSource(values.compose))
    return { request: { topic, message, images } }
  }
  const distribution = values.distribution ?? (await hostDistribution())
  const mirror = values.mirror ?? (await mirrorOfHost(distribution))
  const { topic, message } = await makeComposeMessage({ distribution, mirror })
  return { request: { topic, message, images }, location: mirror }
}

async function mirrorOfHost(distribution: string): Promise<string> {
  const mirror = await readHostMirror(distribution.startsWith('fedora') ? 'fedora' : 'debian')
  if (mirror) return mirror.archive
  const [, release] = /^fedora-(\w+)$/.exec(distribution) ?? []
  const listed = release === undefined ? null : await mirrorByMetalink(release, fetch)
  if (listed !== null) return listed
  throw new UsageError(
    `this host's package configuration names no mirror of ${distribution}: give one with --mirror URL`,
  )
}

async function readSource(source: string): Promise<string> {
  if (source === '-') return await text(process.stdin)
  try {
    if (!/^https?:\/\//.test(source)) return await readFile(source, 'utf8')
    const response = await fetch(source, { signal: AbortSignal.timeout(30_000) })
    if (!response.ok) throw new Error(`the server answers ${String(response.status)}`)
    return await response.text()
  } catch (error) {
    throw new UsageError(`--compose ${source}: ${messageOf(error)}`, { cause: error })
  }
}

function announceStart(screen: Screen, request: Asked, emulated: boolean): void {
  screen.note(`compose: ${String(request.message['compose_id'])} at ${String(request.message['location'])}`)
  screen.note(emulated ? 'EC2: emulated (no AWS credentials on this host)' : 'EC2: AWS')
}
