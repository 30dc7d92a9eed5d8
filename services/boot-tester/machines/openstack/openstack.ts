import { randomBytes } from 'node:crypto'
import { PermanentError } from '#service/errors.ts'
import type { Pace } from '#publishing/wait.ts'
import type { Machine, MachineParts } from '../machine.ts'
import { labelKey, removeAbandoned, removeLabelled, type Project } from './clean.ts'
import { followServer } from './follow.ts'
import { uploadDisk } from './image.ts'
import { newLabel } from './label.ts'
import { addKey, createServer, findFlavor, type Flavor, type NewServer } from './nova.ts'
import { imageProperties } from './properties.ts'
import { toTheEnd } from './to-the-end.ts'

/** Where and as what guests are made. */
export interface OpenStackOptions {
  readonly openProject: () => Promise<Project>
  /** Name or id. */
  readonly flavor: string
  /** `none`, `auto`, or the id of a network. */
  readonly network: string
  /** What the image says of the machine that it wants; by the hardware and the config drive that are asked for unless said. */
  readonly properties?: Readonly<Record<string, string>>
  /** How long a guest may be needed, in milliseconds: then anybody may remove what is left of it. */
  readonly lifetime: number
  /** Milliseconds between two looks. */
  readonly every: number
  readonly now: () => Date
}

/** How long the cloud may take for one thing, in milliseconds. */
const patience = 600_000
const cleaningPatience = 180_000

/**
 * Machines of an OpenStack cloud. Everything made there carries a label, by which it is removed at the end, or, when we
 * were killed, before the next guest is made.
 */
export function createOpenStack(options: OpenStackOptions): Machine {
  const { every, now } = options
  return {
    async powerOn(parts) {
      const project = await options.openProject()
      const pace: Pace = { every, patience, signal: parts.signal }
      await removeAbandoned(project, now(), pace)
      const label = newLabel(randomBytes(8).toString('hex'), new Date(now().getTime() + options.lifetime))
      await using cleaning = new AsyncDisposableStack()
      // Also when we are told to stop.
      cleaning.defer(async () => {
        const signal = AbortSignal.timeout(cleaningPatience)
        await removeLabelled(project, (other) => other === label, { every, patience: cleaningPatience, signal })
      })
      const flavor = await theFlavor(project, options.flavor, parts.signal)
      const id = await makeServer(project, { label, flavor, parts, options, pace })
      const following = cleaning.use(await followServer(project.nova, id, parts, pace))
      const running = cleaning.move()
      return {
        ...following,
        accelerator: 'none',
        diskBytes: flavor.disk === 0 ? parts.image.size : flavor.disk * 1024 ** 3,
        [Symbol.asyncDispose]: () => running.disposeAsync(),
      }
    },
  }
}

async function theFlavor({ nova }: Project, wanted: string, signal: AbortSignal): Promise<Flavor> {
  const found = await findFlavor(nova, wanted, signal)
  if (found === null) throw new PermanentError('environment', `${nova.place} has no flavor ${wanted}`)
  return found
}

interface Making {
  readonly label: string
  readonly flavor: Flavor
  readonly parts: MachineParts
  readonly options: OpenStackOptions
  readonly pace: Pace
}

async function makeServer({ nova, glance }: Project, { label, flavor, parts, options, pace }: Making): Promise<string> {
  const { signal } = parts
  const { order } = parts.cloud
  if (!order) throw new RangeError('the machine openstack needs a data source of Nova')
  const properties = options.properties ?? imageProperties(parts.architecture, parts.hardware, order.configDrive)
  const imageRef = await uploadDisk(glance, parts, { label, properties, pace })
  await toTheEnd((heard) => addKey(nova, label, order.instance.publicKey, heard), signal)
  const server: NewServer = {
    // The guest's host name is made of it.
    name: order.instance.hostname,
    imageRef,
    flavorRef: flavor.id,
    networks: networksOf(options.network),
    config_drive: order.configDrive !== null,
    user_data: Buffer.from(order.instance.userData).toString('base64'),
    key_name: label,
    metadata: { [labelKey]: label },
  }
  return await toTheEnd((heard) => createServer(nova, server, heard), signal)
}

function networksOf(network: string): NewServer['networks'] {
  return network === 'none' || network === 'auto' ? network : [{ uuid: network }]
}
