import { join } from 'node:path'
import { imageFailed } from '#events/image-failed.ts'
import { architecture } from '#events/vocabulary.ts'
import { bindService } from '#service/bind.ts'
import type { BoundService } from '#service/define.ts'
import { house } from '#test/support/house.ts'
import { MetadataUnreadable } from '../../services/scheduler/compose/read-metadata.ts'
import type { Policy } from '../../services/scheduler/policy/policy.ts'
import { readPolicy } from '../../services/scheduler/policy/read-policy.ts'
import { scheduler } from '../../services/scheduler/service.ts'
import { nullService } from '../bench/null-services.ts'
import { workingServices } from './workers.ts'

/** How much there is to make each night. */
export interface Size {
  readonly releases: number
  /** Of each of six architectures. */
  readonly flavours: number
}

/** The first version of the simulated releases. */
export const firstVersion = 44
/** Where their composes lie; nobody looks there. */
export const composes = 'https://composes.example.org/'

const names = ['generic', 'ec2', 'azure', 'gce', 'openstack', 'oracle', 'vagrant', 'minimal']
/** Events know three architectures. Three more are simulated as further flavours of these: one image is as much work. */
const architectures = architecture.options

/** How many images a drop has. */
export function imagesOf({ flavours }: Pick<Size, 'flavours'>): number {
  return flavours * 2 * architectures.length
}

/** The real scheduler with the shipped policy for other releases, and services that say only that they have done their work. */
export function simulatedServices(size: Size): BoundService[] {
  const policy = policyOf(size)
  const read = () => Promise.reject(new MetadataUnreadable('a simulated compose has no metadata', true))
  return [
    bindService(scheduler, { policy, allowed: [composes], read }),
    ...workingServices.map((name) => {
      const service = nullService(name)
      // The null services never fail an image, so they do not say that they may.
      const isLong = ['builder', 'converter', 'boot-tester'].includes(name)
      // Where its host has room is not simulated, but its jobs take turns.
      const needs = isLong ? () => ({}) : null
      return { ...service, needs, emits: name === 'mirror-publisher' ? service.emits : [...service.emits, imageFailed] }
    }),
    nullService('announcer'),
  ]
}

function policyOf({ releases, flavours }: Size): Policy {
  const shipped = readPolicy(join(import.meta.dirname, '../../deploy/drops.yaml'), house)
  const all = names.slice(0, flavours).flatMap((name) => [name, `${name}-other`])
  return {
    ...shipped,
    distributions: [
      {
        short: 'Fedora',
        versions: [`${String(firstVersion)}-${String(firstVersion + releases - 1)}`],
        stream: 'simulated',
        recipe: 'fedora-rawhide',
        engines: [{ engine: 'mkosi', why: 'it builds without a service elsewhere' }],
        architectures: [...architectures],
        flavours: all,
        weekly: false,
        nightly: true,
      },
    ],
    targets: Object.fromEntries(all.map((name) => [name, name.startsWith('ec2') ? ['mirror', 'ec2'] : ['mirror']])),
  }
}
