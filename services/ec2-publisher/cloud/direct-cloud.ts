import type { Credentials } from '../aws/region.ts'
import type { Ec2Settings } from '../config.ts'
import type { Cloud } from '../cloud.ts'
import { auditRegions } from '../audit/audit-regions.ts'
import { createConnections } from '../regions/connections.ts'
import { abandonEverywhere } from './abandon-everywhere.ts'
import { placeImage } from './place-image.ts'
import { publishEverywhere } from './publish-everywhere.ts'
import { tryEverywhere } from './try-everywhere.ts'
import { withdrawEverywhere } from './withdraw-everywhere.ts'

/** EC2 itself, or its emulator, spoken to from this process. Without credentials, they are looked for as AWS's own tools do. */
export function createDirectCloud(settings: Ec2Settings, credentials?: Credentials): Cloud {
  const connections = createConnections(settings, credentials)
  return {
    upload: (order, context, how) => placeImage(connections, order, context, how),
    tryOut: (order, registrations, context) => tryEverywhere(connections, order, registrations, context),
    abandon: (drop, image, context) => abandonEverywhere(connections, drop, image, context),
    publish: (registrations, context, how) => publishEverywhere(connections, registrations, context, how),
    withdraw: (drop, context, withdrawal) => withdrawEverywhere(connections, drop, context, withdrawal),
    audit: (drops, { signal }, { repair }) => auditRegions(connections, { drops, repair, signal }),
  }
}
