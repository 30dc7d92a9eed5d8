import { imageName } from '#publishing/image-name.ts'
import type { Architecture, ComposeRef } from '#events/vocabulary.ts'
import { displayText } from './mark.ts'
import type { Order } from './order.ts'

interface TemplateHome {
  readonly zone: string
  readonly osType: string | null
  readonly hypervisor: string
}

/**
 * What `registerTemplate` is told (cloudstack.apache.org/api). Private at first: it is opened once it was seen whole. The
 * cloud compares the checksum; the controller is that of the machines on which images are tested, whatever the kind of
 * guest would say.
 */
export function templateFields(order: Order, { zone, osType, hypervisor }: TemplateHome): Record<string, string> {
  const { architecture } = order.image
  return {
    name: imageName(order),
    displaytext: displayText(order),
    url: order.file.url,
    checksum: `{SHA-256}${order.file.sha256}`,
    format: 'QCOW2',
    hypervisor,
    zoneid: zone,
    ...(osType === null ? {} : { ostypeid: osType }),
    // Releases before 4.20 know no other architecture and pass this over.
    arch: architecture === 'i686' ? 'x86_64' : architecture,
    bits: architecture === 'i686' ? '32' : '64',
    ispublic: 'false',
    isextractable: 'true',
    requireshvm: 'true',
    'details[0].rootDiskController': 'virtio',
  }
}

/** Kinds of guest that would do, the nearest first, as CloudStack names them. */
export function osTypes({ short, version }: ComposeRef, architecture: Architecture): string[] {
  const bits = architecture === 'i686' ? '32' : '64'
  const own =
    short === 'Debian'
      ? [`Debian GNU/Linux ${version} (${bits}-bit)`]
      : [`${short} Linux (${bits} bit)`, `${short} Linux (${bits}-bit)`, `${short} Linux`]
  return [...own, `Other Linux (${bits}-bit)`, `Other PV (${bits}-bit)`]
}
