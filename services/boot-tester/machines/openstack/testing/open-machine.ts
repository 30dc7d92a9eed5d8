import { openCloud } from '#openstack/open-cloud.ts'
import { createSend } from '#publishing/http.ts'
import type { Machine } from '../../machine.ts'
import { createOpenStack, type OpenStackOptions } from '../openstack.ts'

interface OpenMachineOptions extends Pick<OpenStackOptions, 'flavor' | 'network' | 'properties'> {
  /** Its cloud is called `nova`. */
  readonly cloudsFile: string
}

/** Machines of the cloud of a test. */
export function openMachine({ cloudsFile, ...options }: OpenMachineOptions): Machine {
  return createOpenStack({
    ...options,
    async openProject() {
      const wire = { silenceSeconds: 60, connect: createSend, env: {} }
      const session = await openCloud({ place: 'nova', name: 'nova', region: null, cloudsFile, ...wire })
      return {
        nova: { place: 'nova', session: session('compute') },
        glance: { place: 'nova', session: session('image') },
      }
    },
    lifetime: 3_600_000,
    every: 1_000,
    now: () => new Date(),
  })
}
