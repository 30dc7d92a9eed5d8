import { existsSync } from 'node:fs'
import type { HostCheck } from '#service/host-check.ts'
import { configFiles } from './config-file.ts'

/** What the cloudstack-publisher wants of a host. */
export const hostChecks: readonly HostCheck[] = [
  {
    name: 'CloudStack clouds',
    weight: 'extra',
    look({ env }) {
      const places = configFiles(env)
      const found = places.find((path) => existsSync(path))
      if (found === undefined) return { missing: `no cloudstack.ini; looked for ${places.join(', ')}` }
      const clouds = env['IMAGEDROP_CLOUDSTACK_PUBLISHER_CLOUDS'] ?? ''
      if (clouds === '') return { missing: `${found}, but no zone of it is chosen` }
      if (!env['IMAGEDROP_CLOUDSTACK_PUBLISHER_MIRROR_URL']) return { missing: 'the address of the open mirror' }
      return { found: `${clouds}, of ${found}` }
    },
    cost: 'images go to no CloudStack',
    fix: 'write ~/.cloudstack.ini, export IMAGEDROP_CLOUDSTACK_PUBLISHER_CLOUDS=… IMAGEDROP_CLOUDSTACK_PUBLISHER_MIRROR_URL=…',
  },
]
