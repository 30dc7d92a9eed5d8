import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { dropRequested, type DropRequested } from '#events/operator.ts'
import { messageOf } from '#service/errors.ts'
import { whileLedgerIsAway } from '#service/ledger-patience.ts'
import { requestOf } from '../ask.ts'
import { defineCommand } from '../command.ts'
import { environmentFor, hostDistribution } from '../environment.ts'
import { followDrop, type Followed } from '../follow.ts'
import { readLedgerSettings } from '../backends/settings.ts'
import { followElsewhere } from '../follow-elsewhere.ts'
import { orGivenUp } from '../given-up.ts'
import { createLedgerNotice } from '../ledger-notice.ts'
import { lockServices } from '../lock.ts'
import { openLog } from '../log.ts'
import { mirrorOption, stateOption } from '../options.ts'
import { findServices } from '../services.ts'
import { waitForEnd } from '../signals.ts'
import { startStack, stateFolderOf, type Stack } from '../stack.ts'
import { startStandIns } from '../stand-ins.ts'
import { prepareStateFolder } from '../state-folder.ts'
import { UsageError } from '../usage.ts'
import { createScreen, type Screen } from '../view/screen.ts'
import { Refused } from '../../services/scheduler/compose/refused.ts'
import { checkRequest } from '../../services/scheduler/intake/check-request.ts'
import { makeComposeMessage } from '../../services/scheduler/intake/from-repositories.ts'
import { readComposeMessage } from '../../services/scheduler/intake/read-message.ts'
import { readRules } from '../../services/scheduler/read-rules.ts'
import { readHostMirror } from '../../services/builder/packages/host-mirror.ts'
import { mirrorByMetalink } from '../../services/builder/packages/metalink.ts'

/** On Ctrl-C, running tools are ended at once; what is finished stays finished, and the next run goes on from there. */
const grace = 500

export const dropCommand = defineCommand({
  name: 'drop',
  summary: 'turn one compose into a published drop, here or through the services of a shared ledger, and exit',
  options: {
    distribution: {
      value: 'NAME',
      means:
        'the distribution and release, when no compose is given: a message is made for its repositories as they are now',
      otherwise: "the host's own family: debian-12 or fedora-43",
      example: 'debian-13',
    },
    compose: {
      value: 'FILE|URL|-',
      means: 'where the compose message is: a file, a URL, or - for standard input',
      otherwise: 'none, see --distribution',
      example: 'message.json',
    },
    images: {
      value: 'LIST',
      means: 'the images to make, FLAVOUR.ARCHITECTURE with commas',
      otherwise: 'all that the policy names for the compose',
      example: 'generic.x86_64,ec2.x86_64',
    },
    mirror: mirrorOption,
    json: { means: 'print one event as JSON on each line, instead of what is for people' },
    state: stateOption,
  },
  examples: ['drop', 'drop --compose message.json --images generic.x86_64'],
  exits: {
    0: 'the drop was published and announced',
    1: 'it was not: what failed at which step, why, and where the log is was said',
    130: 'stopped by Ctrl-C or SIGTERM; the next run goes on from the finished steps',
  },
  async run({ values, env: given }) {
    const stateFolder = stateFolderOf(values.state, given)
    const end = waitForEnd()
    const { request, location } = await prepare(values)
    const services = await findServices(given)
    const isShared = readLedgerSettings(given).url !== undefined
    const settings = environmentFor(given, { mirror: values.mirror, location })
    // Services elsewhere may have another policy.
    answerAtOnce(() => {
      checkRequest(request, new Date(), isShared ? null : readRules(settings, services))
    })
    if (isShared) {
      using screen = createScreen({ json: values.json })
      screen.note(`compose: ${String(request.message['compose_id'])}; the services run elsewhere`)
      return status[await followElsewhere(request, { stateFolder, steps: services.steps, screen, end, env: given })]
    }
    await prepareStateFolder(stateFolder)
    const log = await openLog(stateFolder)
    using _lock = await lockServices(stateFolder, services.names)
    await using standIns = await startStandIns(services, services.names, { env: given, stateFolder, log })
    const env = { ...settings, ...standIns.env }
    using screen = createScreen({ json: values.json })
    announceStart(screen, request, standIns.notes)
    const { onAway, tooLong } = createLedgerNotice((line) => {
      screen.note(line)
    })
    const stack = await startStack({ stateFolder, services, run: services.names, env, log, onAway, end })
    const stopping = new AbortController()
    try {
      const composeId = String(request.message['compose_id'])
      const followed = ask(stack, request, stopping.signal).then((requestId) =>
        followDrop(stack, { requestId, composeId, steps: services.steps, screen }),
      )
      const stopped = end.then(() => 'stopped' as const)
      const result = await orGivenUp(Promise.race([followed, stopped, tooLong]), [stack.ledger])
      if (result === 'stopped') screen.note('stopping; the next run goes on from the finished steps')
      return status[result]
    } finally {
      stopping.abort()
      await stack.stop(grace)
    }
  },
})

/** Asks for the drop, as soon as the ledger takes it: once, however often it is asked. */
async function ask({ ledger, log }: Stack, asked: Asked, signal: AbortSignal): Promise<string> {
  const request = await whileLedgerIsAway(
    log,
    async () => requestOf(dropRequested, asked, await ledger.account()),
    signal,
  )
  await whileLedgerIsAway(log, () => ledger.say(request, new Date()), signal)
  return request.id
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
    const source = await readSource(values.compose)
    const { topic, message } = answerAtOnce(() => readComposeMessage(source))
    return { request: { topic, message, images } }
  }
  const distribution = values.distribution ?? (await hostDistribution())
  const mirror = values.mirror ?? (await mirrorOfHost(distribution))
  const { topic, message } = await makeComposeMessage({ distribution, mirror })
  return { request: { topic, message, images }, location: mirror }
}

/** A message that cannot be right is a mistake of the command line: nothing is started for it. */
function answerAtOnce<Result>(check: () => Result): Result {
  try {
    return check()
  } catch (error) {
    throw error instanceof Refused ? new UsageError(error.message, { cause: error }) : error
  }
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

function announceStart(screen: Screen, request: Asked, notes: readonly string[]): void {
  screen.note(`compose: ${String(request.message['compose_id'])} at ${String(request.message['location'])}`)
  for (const note of notes) screen.note(note)
}
