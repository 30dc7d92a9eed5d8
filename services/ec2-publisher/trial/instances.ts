import type { Instance } from '@aws-sdk/client-ec2'
import { isMissing } from '../aws/errors.ts'
import { where } from '../aws/find.ts'
import type { Region } from '../aws/region.ts'
import { tagValue } from '../aws/tags.ts'

/** By this tag an instance of ours is known, and for how many minutes it may be needed. */
export const minutesTag = 'imagedrop:trial-minutes'
/** Which machine of the policy it is: `uefi`. */
export const modeTag = 'imagedrop:trial-mode'
/** Its trial is over. */
export const doneTag = 'imagedrop:trial-done'

const minute = 60_000
/** So much longer a guest may take to power itself off, in minutes; then it is ended by whoever sees it. */
const margin = 10
const living = new Set(['pending', 'running', 'stopping', 'stopped'])

/** All instances of trials in a region, whoever began them, also those that have ended lately. */
export async function findTrials({ ec2 }: Region): Promise<Instance[]> {
  const found: Instance[] = []
  for (let next: string | undefined, first = true; first || next !== undefined; first = false) {
    const page = await ec2.describeInstances({ Filters: [where('tag-key', minutesTag)], NextToken: next })
    found.push(...(page.Reservations ?? []).flatMap(({ Instances: instances = [] }) => instances))
    next = page.NextToken
  }
  return found
}

export function isAlive({ State: state }: Instance): boolean {
  return living.has(state?.Name ?? '')
}

/** Nobody needs it any more: its time is over, as when the one who began it was killed. */
export function isAbandoned({ Tags: tags, LaunchTime: start }: Instance, now: Date): boolean {
  const minutes = Number(tagValue(tags, minutesTag) ?? '0') + margin
  return start !== undefined && start.getTime() + minutes * minute < now.getTime()
}

/** Ends instances; one that is gone is done. */
export async function terminate({ ec2 }: Region, instances: readonly Instance[]): Promise<void> {
  for (const { InstanceId: id = '' } of instances.filter(isAlive)) {
    try {
      await ec2.terminateInstances({ InstanceIds: [id] })
    } catch (error) {
      if (!isMissing(error)) throw error
    }
  }
}

/** What an instance has said on its console: where AWS can tell it, until now. */
export async function readConsole({ ec2 }: Region, { InstanceId: id }: Instance): Promise<string> {
  const read = async (latest: object) => {
    const { Output: output = '' } = await ec2.getConsoleOutput({ InstanceId: id, ...latest })
    return Buffer.from(output, 'base64').toString('utf8')
  }
  try {
    return await read({ Latest: true })
  } catch (error) {
    // Machines on Xen have only what was kept after their start.
    if (!(error instanceof Error) || error.name !== 'UnsupportedOperation') throw error
    return await read({})
  }
}
