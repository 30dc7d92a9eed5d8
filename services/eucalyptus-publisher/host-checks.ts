import { messageOf } from '#service/errors.ts'
import type { HostCheck } from '#service/host-check.ts'
import { readCloud } from './config-file.ts'
import { readEucalyptusPublisherConfig } from './config.ts'

/** What the eucalyptus-publisher wants of a host. */
export const hostChecks: readonly HostCheck[] = [
  {
    name: 'Eucalyptus clouds',
    weight: 'extra',
    look({ env }) {
      try {
        const { clouds, configFile } = readEucalyptusPublisherConfig(env)
        if (clouds.length === 0) return { missing: 'no region of euca2ools is chosen' }
        for (const { place } of clouds) readCloud(place, configFile, env)
        return { found: clouds.map(({ place }) => place).join(', ') }
      } catch (error) {
        return { missing: messageOf(error) }
      }
    },
    cost: 'images go to no Eucalyptus',
    fix: 'write ~/.euca/NAME.ini as for euca2ools, export IMAGEDROP_EUCALYPTUS_PUBLISHER_CLOUDS=NAME',
  },
]
