/** Where one small OpenStack with Nova lives, in namespaces of its own. */
export interface Layout {
  readonly folder: string
  /** Ports that are reached from outside too, by the same numbers; those of others are fixed, as nobody else is there. */
  readonly ports: { readonly keystone: number; readonly glance: number; readonly nova: number }
  /** A CD, or, in clouds that move their guests between hosts, a disk: on the bus of the image's disk. */
  readonly configDrives: 'iso9660' | 'vfat'
}

/** Ports that only the services among themselves use. */
export const innerPorts = { database: 3306, rabbit: 5672, placement: 8778, metadata: 8775, neutron: 9696 } as const

/** The one network of the guests: its bridge has the router's address and that of the metadata service. */
export const guestNetwork = {
  id: '11111111-1111-4111-8111-111111111111',
  subnet: '22222222-2222-4222-8222-222222222222',
  bridge: 'br-guests',
  prefix: '10.9.0',
  metadataAddress: '169.254.169.254',
} as const

/** What everybody in there is let in with: nobody else can reach it. */
export const secret = 'secret'

export const databases = ['keystone', 'glance', 'placement', 'nova_api', 'nova', 'nova_cell0'] as const

/** Where a service keeps its tables. */
export function databaseUrl(name: (typeof databases)[number]): string {
  return `mysql+pymysql://os:${secret}@127.0.0.1:${String(innerPorts.database)}/${name}?charset=utf8`
}

/** Keystone's address. */
export function keystoneUrl({ ports }: Layout): string {
  return `http://127.0.0.1:${String(ports.keystone)}/v3`
}

/** Where a port is reached from outside. */
export function socketOf(folder: string, port: number): string {
  return `${folder}/${String(port)}.sock`
}

/** What is printed when servers can be made. */
export const readyLine = 'OpenStack is ready'
