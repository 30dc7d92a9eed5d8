import { createHash } from 'node:crypto'
import type { _InstanceType } from '@aws-sdk/client-ec2'
import { codeOf } from '#publishing/sdk-errors.ts'
import { tellingInstance } from '#publishing/telling-guest.ts'
import type { Region } from '../aws/region.ts'
import { dropTag, imageTag } from '../aws/tags.ts'
import type { UploadOrder } from '../cloud.ts'
import type { Ec2Settings } from '../config.ts'
import type { TrialMachine } from '../trial-machines.ts'
import { minutesTag, modeTag } from './instances.ts'

/** A client token whose instance is over is used up; so many times the next is taken. */
const generations = 10

interface Beginning {
  readonly imageId: string
  readonly machine: TrialMachine
  readonly settings: Pick<Ec2Settings, 'trialMinutes' | 'trialSubnet'>
}

/** What guests of a trial mark their words with. */
export function nonceOf(imageId: string, { mode }: Pick<TrialMachine, 'mode'>): string {
  return digest(imageId, mode).slice(0, 16)
}

/**
 * Starts an instance of an image on the first type that there is a machine of. False when there is none of any. It ends itself after its
 * time whatever becomes of us: its guest powers itself off, and with that it is terminated.
 */
export async function beginTrial(region: Region, order: UploadOrder, beginning: Beginning): Promise<boolean> {
  for (const type of beginning.machine.types) if (await start(region, order, type, beginning)) return true
  return false
}

async function start(region: Region, order: UploadOrder, type: string, beginning: Beginning): Promise<boolean> {
  for (let generation = 0; generation < generations; generation += 1) {
    try {
      await request(region, order, type, { ...beginning, generation })
      return true
    } catch (error) {
      const code = codeOf(error) ?? ''
      if (/^Insufficient\w*Capacity$|^Unsupported$/.test(code)) return false
      if (!/^Idempotent(InstanceTerminated|ParameterMismatch)$/.test(code)) throw error
    }
  }
  return false
}

async function request(
  { ec2 }: Region,
  { drop, image, name }: UploadOrder,
  type: string,
  { imageId, machine, settings, generation }: Beginning & { readonly generation: number },
): Promise<void> {
  const { trialMinutes, trialSubnet } = settings
  const minutes = String(trialMinutes)
  // The boot waits for the guest's command: a timer that waits for the boot, as timers do, would have both wait for ever.
  const besideTheBoot = '--timer-property=DefaultDependencies=no --property=DefaultDependencies=no'
  const switchOff = `systemd-run ${besideTheBoot} --on-active=${minutes}min systemctl poweroff || shutdown -P +${minutes}`
  const { userData } = tellingInstance(nonceOf(imageId, machine), 'none', [switchOff])
  // The same token must ask for the same, so nothing here is of the moment.
  const tags = [
    { Key: 'Name', Value: `trial of ${name}`.slice(0, 255) },
    { Key: dropTag, Value: drop },
    { Key: imageTag, Value: image },
    { Key: modeTag, Value: machine.mode },
    { Key: minutesTag, Value: minutes },
  ]
  await ec2.runInstances({
    ImageId: imageId,
    InstanceType: type as _InstanceType,
    MinCount: 1,
    MaxCount: 1,
    ClientToken: digest(imageId, machine.mode, type, String(generation)),
    InstanceInitiatedShutdownBehavior: 'terminate',
    UserData: Buffer.from(userData).toString('base64'),
    MetadataOptions: { HttpTokens: 'required' },
    ...(trialSubnet === undefined ? {} : { SubnetId: trialSubnet }),
    TagSpecifications: [
      { ResourceType: 'instance', Tags: tags },
      { ResourceType: 'volume', Tags: tags.slice(0, 3) },
    ],
  })
}

function digest(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex')
}
