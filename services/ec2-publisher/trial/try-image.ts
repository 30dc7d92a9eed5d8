import type { Image, Instance } from '@aws-sdk/client-ec2'
import type { Architecture } from '#events/vocabulary.ts'
import { PermanentError } from '#service/errors.ts'
import { byClockOf } from '../aws/clock.ts'
import { findImages, where } from '../aws/find.ts'
import { onceSeen } from '../aws/late.ts'
import type { Region } from '../aws/region.ts'
import { dropTag, imageTag, tagValue } from '../aws/tags.ts'
import type { UploadOrder } from '../cloud.ts'
import type { Ec2Settings } from '../config.ts'
import type { TrialMachine } from '../trial-machines.ts'
import { beginTrial, nonceOf } from './begin-trial.ts'
import { doneTag, findTrials, isAbandoned, isAlive, modeTag, readConsole, terminate } from './instances.ts'
import { judgeConsole, type Judgement } from './judge-console.ts'

/** By this tag of an image it is known on which machines it has started. */
const triedTag = 'imagedrop:tried'
const minute = 60_000

interface Trial {
  readonly imageId: string
  readonly settings: Ec2Settings
  readonly now: Date
}

/**
 * Looks how the trials of an image are, and begins those that are missing. Gives what is waited for; null when the image has started
 * on every machine that the policy has for it. Throws when it did not. What is over is ended, and so is what others have left behind,
 * or what was begun of an AMI that somebody has removed since.
 */
export async function tryImage(region: Region, order: UploadOrder, given: Trial): Promise<string | null> {
  const { imageId, settings } = given
  const [image] = await findImages(region, where('image-id', imageId))
  const all = await findTrials(region)
  const trial = { ...given, now: byClockOf(region.ec2, given.now) }
  const isForNobody = (one: Instance) =>
    isAbandoned(one, trial.now) || (isFor(one, order) && (image === undefined || one.ImageId !== imageId))
  await terminate(region, all.filter(isForNobody))
  if (image === undefined) throw new PermanentError('environment', `${imageId} in ${region.name} is not there any more`)
  const machines = machinesFor(settings.trials, order.architecture, image.BootMode).filter(
    (one) => !wasTried(image, one),
  )
  let alive = all.filter((one) => isAlive(one) && !isForNobody(one)).length
  const waits: string[] = []
  for (const machine of machines) {
    const its = all.filter((one) => isOf(one, imageId, machine))
    const last = newest(its)
    // After a failure, whoever retries wants another instance.
    if (last !== undefined && !['failed', 'lost'].includes(tagValue(last.Tags, doneTag) ?? '')) {
      const wait = await look(region, last, machine, trial)
      if (wait !== null) {
        waits.push(wait)
        continue
      }
      // Before it is noted: then nobody would look for them any more.
      await terminate(region, its)
      await noteTried(region, image, machine)
    } else if (alive >= settings.trialInstances) {
      waits.push(`${String(alive)} instances of trials run in ${region.name} already`)
    } else {
      alive += 1
      const begun = await beginTrial(region, order, { imageId, machine, settings })
      waits.push(
        begun ? `${machine.mode} in ${region.name}` : `a machine (${machine.types.join(', ')}) in ${region.name}`,
      )
    }
  }
  return waits.length === 0 ? null : waits.join('; ')
}

/** Ends the trials that are meant. */
export async function endTrials(region: Region, isMeant: (instance: Instance) => boolean): Promise<void> {
  await terminate(region, (await findTrials(region)).filter(isMeant))
}

/** What a trial waits for, or null when it has passed. */
async function look(region: Region, instance: Instance, machine: TrialMachine, trial: Trial): Promise<string | null> {
  const { InstanceId: instanceId = '', InstanceType: type = '', PrivateDnsName: privateDnsName = '' } = instance
  if (tagValue(instance.Tags, doneTag) === 'passed') return null
  if (instance.State?.Name === 'pending') return `${instanceId} in ${region.name}`
  const console = await readConsole(region, instance)
  const nonce = nonceOf(trial.imageId, machine)
  const judgement = judgeConsole(console, { nonce, instanceId, privateDnsName })
  const note = async (outcome: 'passed' | 'failed' | 'lost') => {
    const tags = [{ Key: doneTag, Value: outcome }]
    await onceSeen(() => region.ec2.createTags({ Resources: [instanceId], Tags: tags }), region.pace)
  }
  if (judgement.outcome === 'undecided' && isLost(instance)) {
    await note('lost')
    return `another instance for ${instanceId} in ${region.name}, which was lost: ${whyEnded(instance)}`
  }
  const reason = whyFailed(judgement, instance, trial)
  if (judgement.outcome === 'undecided' && reason === null) return `${instanceId} in ${region.name}`
  await note(reason === null ? 'passed' : 'failed')
  if (reason === null) return null
  await terminate(region, [instance])
  throw new PermanentError(
    'verdict',
    `${trial.imageId} did not start as an instance of ${type} in ${region.name} (${machine.mode}, ${instanceId}): ${reason}`,
  )
}

function whyFailed(judgement: Judgement, instance: Instance, { now, settings }: Trial): string | null {
  if (judgement.outcome === 'passed') return null
  if (judgement.outcome === 'failed') return judgement.reason
  const said =
    judgement.lastLine === '' ? 'its console is empty' : `its last words are ${JSON.stringify(judgement.lastLine)}`
  if (!isAlive(instance)) return `it has ended (${whyEnded(instance)}) and not told all; ${said}`
  const age = now.getTime() - (instance.LaunchTime?.getTime() ?? now.getTime())
  return age < settings.trialMinutes * minute
    ? null
    : `it was not done within ${String(settings.trialMinutes)} minutes; ${said}`
}

/** AWS has ended it, or somebody: that says nothing about the image. */
function isLost(instance: Instance): boolean {
  return !isAlive(instance) && instance.StateReason?.Code !== 'Client.InstanceInitiatedShutdown'
}

function whyEnded({ StateReason: reason }: Instance): string {
  return reason?.Message ?? 'no reason given'
}

/** A trial of the image, though it may be of an AMI of before. */
function isFor({ Tags: tags }: Instance, { drop, image }: UploadOrder): boolean {
  return tagValue(tags, dropTag) === drop && tagValue(tags, imageTag) === image
}

function isOf({ ImageId: id, Tags: tags }: Instance, imageId: string, { mode }: TrialMachine): boolean {
  return id === imageId && tagValue(tags, modeTag) === mode
}

function newest(instances: readonly Instance[]): Instance | undefined {
  return instances.toSorted((one, other) => timeOf(other) - timeOf(one))[0]
}

function timeOf({ LaunchTime: time }: Instance): number {
  return time?.getTime() ?? 0
}

function wasTried({ Tags: tags }: Image, { mode }: TrialMachine): boolean {
  return (tagValue(tags, triedTag) ?? '').split(' ').includes(mode)
}

async function noteTried(
  region: Region,
  { ImageId: id = '', Tags: tags }: Image,
  { mode }: TrialMachine,
): Promise<void> {
  const [seen] = await findImages(region, where('image-id', id))
  const modes = new Set(
    [...(tagValue(seen?.Tags ?? tags, triedTag) ?? '').split(' '), mode].filter((one) => one !== ''),
  )
  await region.ec2.createTags({ Resources: [id], Tags: [{ Key: triedTag, Value: [...modes].toSorted().join(' ') }] })
}

/** The machines that an image of a boot mode is tried on. */
function machinesFor(machines: readonly TrialMachine[], its: Architecture, mode: string | undefined): TrialMachine[] {
  return machines.filter((one) => one.architecture === its && (mode === 'uefi-preferred' || mode === one.mode))
}
