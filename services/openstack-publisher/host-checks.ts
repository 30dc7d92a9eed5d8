import { existsSync } from 'node:fs'
import type { HostCheck } from '#service/host-check.ts'
import { cloudsFiles } from '#openstack/clouds-file.ts'

/** What the openstack-publisher wants of a host. */
export const hostChecks: readonly HostCheck[] = [
  {
    name: 'OpenStack clouds',
    weight: 'extra',
    look({ env }) {
      const places = cloudsFiles(env)
      const found = places.find((path) => existsSync(path))
      if (found === undefined) return { missing: `no clouds.yaml; looked for ${places.join(', ')}` }
      const clouds = env['IMAGEDROP_OPENSTACK_PUBLISHER_CLOUDS'] ?? ''
      return clouds === '' ? { missing: `${found}, but no cloud of it is chosen` } : { found: `${clouds}, of ${found}` }
    },
    cost: 'images go to no OpenStack',
    fix: 'write ~/.config/openstack/clouds.yaml, export IMAGEDROP_OPENSTACK_PUBLISHER_CLOUDS=…',
  },
]
