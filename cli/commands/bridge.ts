import { pino } from 'pino'
import { bridge } from '#bus/bridge.ts'
import type { Bus } from '#bus/bus.ts'
import { foreignEvents, ownEvents } from '#events/index.ts'
import type { EventDefinition } from '#events/define.ts'
import { openBus } from '../backends/open-bus.ts'
import { readBusSettings } from '../backends/settings.ts'
import { orGivenUp } from '../given-up.ts'
import { waitForEnd } from '../signals.ts'
import { stateFolderOf } from '../stack.ts'
import { parseOptions, UsageError, type Command } from '../usage.ts'

const all: readonly EventDefinition[] = [...ownEvents, ...foreignEvents]

export const bridgeCommand: Command = {
  name: 'bridge',
  usage: 'usage: imagedrop bridge [--from URL] [--to URL] --subjects SUBJECT,…|all|composes [--state DIR]',
  summary: 'carry chosen subjects from one bus to another',
  async run(args) {
    const options = {
      from: { type: 'string' },
      to: { type: 'string' },
      subjects: { type: 'string' },
      state: { type: 'string' },
    } as const
    const { values } = parseOptions(bridgeCommand, args, options)
    const subjects = parseSubjects(values.subjects)
    const stateFolder = stateFolderOf(values.state)
    const end = waitForEnd()
    const log = pino()
    const open = async (prefix: 'BRIDGE_FROM' | 'BRIDGE_TO', url: string | undefined): Promise<Bus> => {
      const settings = readBusSettings(process.env, prefix)
      const address = url ?? settings.url
      if (address === undefined) throw new UsageError(`IMAGEDROP_${prefix}_URL is not set\n\n${bridgeCommand.usage}`)
      return await openBus({ ...settings, url: address }, { stateFolder, log })
    }
    await using from = await open('BRIDGE_FROM', values.from)
    await using to = await open('BRIDGE_TO', values.to)
    await using _bridge = await bridge({ from, to, subjects, log })
    log.info({ subjects }, 'listening')
    await orGivenUp(end, [from, to])
    return 0
  },
}

function parseSubjects(text: string | undefined): string[] {
  if (text === undefined) throw new UsageError(`which subjects?\n\n${bridgeCommand.usage}`)
  if (text === 'all') return all.map((event) => event.subject)
  if (text === 'composes')
    return foreignEvents.filter(({ outside }) => outside === 'compose').map((event) => event.subject)
  const subjects = text.split(',').map((one) => one.trim())
  const unknown = subjects.find((subject) => all.every((event) => event.subject !== subject))
  if (unknown === undefined) return subjects
  throw new UsageError(`there is no subject ${JSON.stringify(unknown)}; \`imagedrop events\` lists them`)
}
