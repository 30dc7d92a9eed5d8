import { bridge } from '#bus/bridge.ts'
import type { Bus } from '#bus/bus.ts'
import { foreignEvents, ownEvents } from '#events/index.ts'
import type { EventDefinition } from '#events/define.ts'
import { openBus } from '../backends/open-bus.ts'
import { readBusSettings } from '../backends/settings.ts'
import { defineCommand } from '../command.ts'
import { orGivenUp } from '../given-up.ts'
import { logToStandardOutput } from '../log.ts'
import { stateOption } from '../options.ts'
import { waitForEnd } from '../signals.ts'
import { stateFolderOf } from '../stack.ts'
import { UsageError } from '../usage.ts'

const all: readonly EventDefinition[] = [...ownEvents, ...foreignEvents]

export const bridgeCommand = defineCommand({
  name: 'bridge',
  summary: 'carry chosen subjects from one bus to another',
  options: {
    from: {
      value: 'URL',
      means: 'the bus to listen on; its other settings are IMAGEDROP_BRIDGE_FROM_*',
      otherwise: '$IMAGEDROP_BRIDGE_FROM_URL',
      example: 'amqps://rabbitmq.fedoraproject.org/%2Fpublic_pubsub',
    },
    to: {
      value: 'URL',
      means: 'the bus to say on what was heard; its other settings are IMAGEDROP_BRIDGE_TO_*',
      otherwise: '$IMAGEDROP_BRIDGE_TO_URL',
      example: 'nats://broker',
    },
    subjects: {
      value: 'LIST',
      means:
        'what to carry: subjects as `imagedrop events` lists them, with commas; `composes` for messages of composes, `all` for everything',
      otherwise: 'none, it must be given',
      example: 'drop.announced.v1,drop.blessed.v1',
    },
    state: stateOption,
  },
  examples: [
    'bridge --from amqps://rabbitmq.fedoraproject.org/%2Fpublic_pubsub --to nats://broker --subjects composes',
  ],
  exits: { 0: 'stopped as told', 1: 'a bus could not be reached, or refused us for good' },
  async run({ values, env }) {
    const subjects = parseSubjects(values.subjects)
    const stateFolder = stateFolderOf(values.state, env)
    const end = waitForEnd()
    const log = logToStandardOutput()
    const open = async (prefix: 'BRIDGE_FROM' | 'BRIDGE_TO', url: string | undefined): Promise<Bus> => {
      const settings = readBusSettings(env, prefix)
      const address = url ?? settings.url
      if (address === undefined) {
        const option = prefix === 'BRIDGE_FROM' ? '--from' : '--to'
        throw new UsageError(`bridge: give ${option} URL, or set IMAGEDROP_${prefix}_URL`)
      }
      return await openBus({ ...settings, url: address }, { stateFolder, log })
    }
    await using from = await open('BRIDGE_FROM', values.from)
    await using to = await open('BRIDGE_TO', values.to)
    await using _bridge = await bridge({ from, to, subjects, log })
    log.info({ subjects }, 'listening')
    await orGivenUp(end, [from, to])
    return 0
  },
})

function parseSubjects(text: string | undefined): string[] {
  if (text === undefined) throw new UsageError('bridge: --subjects LIST is missing: which ones?')
  if (text === 'all') return all.map((event) => event.subject)
  if (text === 'composes')
    return foreignEvents.filter(({ outside }) => outside === 'compose').map((event) => event.subject)
  const subjects = text.split(',').map((one) => one.trim())
  const unknown = subjects.find((subject) => all.every((event) => event.subject !== subject))
  if (unknown === undefined) return subjects
  throw new UsageError(`there is no subject ${JSON.stringify(unknown)}; \`imagedrop events\` lists them`)
}
