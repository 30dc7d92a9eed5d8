import { refused } from '../api-error.ts'
import { guestOf } from '../guest-of.ts'
import { privateHostOf } from '../private-host.ts'
import type { InstanceRecord } from '../records.ts'
import { stateOfInstance, type InstanceState, type World } from '../world.ts'
import type { Action, Call } from './action.ts'
import { applyFilters } from './filters.ts'
import { instanceTypes } from './instance-types.ts'
import { instanceOf, isInstanceSeen } from './lookup.ts'
import { tagSetXml } from './shapes.ts'
import type { Xml } from './xml.ts'

const codes: Readonly<Record<InstanceState, number>> = { pending: 0, running: 16, 'shutting-down': 32, terminated: 48 }
/** Of the end of what an instance has said (EC2 API, GetConsoleOutput). */
const mostConsole = 65_536

/** DescribeInstances */
export const describeInstances: Action = {
  takes: 'InstanceId.N Filter.N.Name Filter.N.Value.N MaxResults NextToken',
  async run(call) {
    const { world, parameters, owner } = call
    const ids = parameters.texts('InstanceId')
    for (const id of ids) instanceOf(call, id)
    await noteEnds(call)
    const seen = world.instances.all().filter((one) => isInstanceSeen(call, one))
    const asked = seen.filter((one) => ids.length === 0 || ids.includes(one.id))
    const found = applyFilters(asked, parameters, {
      'client-token': (one) => [one.token],
      'image-id': (one) => [one.imageId],
      'instance-id': (one) => [one.id],
      'instance-state-name': (one) => [stateOfInstance(world, one)],
      'instance-type': (one) => [one.type],
    })
    return {
      reservationSet: found.map((one) => ({
        reservationId: one.reservationId,
        ownerId: owner,
        instancesSet: [instanceXml(world, one)],
      })),
    }
  },
}

/** GetConsoleOutput: with Latest what was said until now, on Nitro; else what was said at the last start. */
export const getConsoleOutput: Action = {
  takes: 'InstanceId Latest',
  run(call) {
    const { world, parameters } = call
    const instance = instanceOf(call, parameters.required('InstanceId'))
    if (parameters.flag('Latest') && instanceTypes[instance.type]?.isNitro !== true)
      throw refused(
        'UnsupportedOperation',
        `The instance type '${instance.type}' does not support the latest console output.`,
      )
    const hasBegun = stateOfInstance(world, instance) !== 'pending'
    const said = Buffer.from(hasBegun ? guestOf(world, instance).console() : '')
    return {
      instanceId: instance.id,
      timestamp: world.now().toISOString(),
      output: said.length === 0 ? null : said.subarray(-mostConsole).toString('base64'),
    }
  },
}

/** TerminateInstances: what is ended already is no error. */
export const terminateInstances: Action = {
  takes: 'InstanceId.N',
  async run(call) {
    const { world, parameters } = call
    const ids = parameters.texts('InstanceId')
    if (ids.length === 0) throw refused('MissingParameter', 'The request must contain the parameter InstanceId')
    const instances = ids.map((id) => instanceOf(call, id))
    const changes: Xml[] = []
    for (const instance of instances) {
      const before = stateOfInstance(world, instance)
      const by = {
        code: 'Client.UserInitiatedShutdown',
        message: 'Client.UserInitiatedShutdown: User initiated shutdown',
      }
      if (instance.endedAt === null) await end(world, instance, by)
      const after = stateOfInstance(world, world.instances.get(instance.id) ?? instance)
      changes.push({ instanceId: instance.id, currentState: stateXml(after), previousState: stateXml(before) })
    }
    return { instancesSet: changes }
  },
}

/** A guest that has powered itself off ends its instance, where that was asked for. */
async function noteEnds({ world }: Call): Promise<void> {
  for (const one of world.instances.all()) {
    if (one.endedAt !== null || !one.endsOnShutdown || !guestOf(world, one).isOff()) continue
    const code = 'Client.InstanceInitiatedShutdown'
    await end(world, one, { code, message: `${code}: Instance initiated shutdown` })
  }
}

async function end(world: World, instance: InstanceRecord, reason: InstanceRecord['reason']): Promise<void> {
  await world.instances.save({ ...instance, endedAt: world.now().getTime(), reason })
  await world.guests.stop(instance.id)
}

function stateXml(state: InstanceState): Xml {
  return { code: codes[state], name: state }
}

/** An instance as EC2 writes it. */
export function instanceXml(world: World, instance: InstanceRecord): Xml {
  const host = privateHostOf(instance)
  return {
    instanceId: instance.id,
    imageId: instance.imageId,
    instanceState: stateXml(stateOfInstance(world, instance)),
    privateDnsName: `${host}.ec2.internal`,
    privateIpAddress: host.slice(3).replaceAll('-', '.'),
    amiLaunchIndex: 0,
    instanceType: instance.type,
    launchTime: new Date(instance.launchedAt).toISOString(),
    placement: { availabilityZone: `${instance.region}a`, tenancy: 'default' },
    clientToken: instance.token,
    stateReason: instance.reason,
    currentInstanceBootMode: instance.bootMode,
    virtualizationType: 'hvm',
    rootDeviceType: 'ebs',
    tagSet: tagSetXml(instance.tags),
  }
}
