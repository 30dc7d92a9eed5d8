import type { Instance } from '../datasource.ts'
import { guestMac } from '../guest-network.ts'
import { uuidOf } from '../ids.ts'

/** Nova's versions of its metadata, as its services and drives list them (nova, `api/metadata/base.py`). */
export const versions = [
  '2012-08-10',
  '2013-04-04',
  '2013-10-17',
  '2015-10-15',
  '2016-06-30',
  '2016-10-06',
  '2017-02-22',
  '2018-08-27',
  'latest',
] as const

/** The files that Nova gives an instance, in each version (nova's user guide, "Metadata"). */
export function openstackFiles(instance: Instance): Readonly<Record<string, string>> {
  const { id, hostname, publicKey, userData } = instance
  const metaData = {
    uuid: uuidOf(id),
    name: hostname,
    hostname,
    public_keys: { 'boot-test': publicKey },
    keys: [{ name: 'boot-test', type: 'ssh', data: `${publicKey}\n` }],
    launch_index: 0,
    availability_zone: 'nova',
    project_id: uuidOf(`project of ${id}`).replaceAll('-', ''),
    devices: [],
    dedicated_cpus: [],
  }
  return {
    'meta_data.json': JSON.stringify(metaData),
    user_data: userData,
    'vendor_data.json': '{}',
    'vendor_data2.json': '{"static": {}}',
    'network_data.json': JSON.stringify(networkData(id)),
  }
}

/** One port, configured by DHCP (nova, `api-ref/source/…/network_data.json`). */
function networkData(id: string) {
  const vif = uuidOf(`port of ${id}`)
  const link = `tap${vif.slice(0, 11)}`
  return {
    links: [{ id: link, vif_id: vif, type: 'ovs', mtu: 1500, ethernet_mac_address: guestMac }],
    networks: [{ id: 'network0', type: 'ipv4_dhcp', link, network_id: uuidOf(`network of ${id}`) }],
    services: [],
  }
}
