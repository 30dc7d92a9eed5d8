import type { Instance } from '../datasource.ts'
import { guestMac } from '../guest-network.ts'
import type { Tree } from '../http/tree.ts'
import { ec2IdOf } from '../ids.ts'

const region = 'us-east-1'
const zone = `${region}a`
const account = '123456789012'
const imageId = 'ami-0123456789abcdef0'
const type = 't3.micro'
const privateAddress = '10.0.2.15'

/** An instance's metadata ("Instance metadata categories", Amazon EC2 User Guide), as far as a guest at its boot needs it. */
export function ec2Metadata({ id, hostname, publicKey }: Instance): Tree {
  const hardware = {
    'device-number': '0',
    'interface-id': 'eni-0123456789abcdef0',
    'local-hostname': hostname,
    'local-ipv4s': privateAddress,
    mac: guestMac,
    'owner-id': account,
    'security-groups': 'default',
    'subnet-id': 'subnet-0123456789abcdef0',
    'subnet-ipv4-cidr-block': '10.0.2.0/24',
    'vpc-id': 'vpc-0123456789abcdef0',
    'vpc-ipv4-cidr-block': '10.0.0.0/16',
  }
  return {
    'ami-id': imageId,
    'ami-launch-index': '0',
    'ami-manifest-path': '(unknown)',
    'block-device-mapping': { ami: '/dev/xvda', root: '/dev/xvda' },
    hostname,
    'instance-action': 'none',
    'instance-id': ec2IdOf(id),
    'instance-life-cycle': 'on-demand',
    'instance-type': type,
    'local-hostname': hostname,
    'local-ipv4': privateAddress,
    mac: guestMac,
    network: { interfaces: { macs: { [guestMac]: hardware } } },
    placement: { 'availability-zone': zone, region },
    profile: 'default-hvm',
    'public-keys': { '0': { 'openssh-key': publicKey } },
    'reservation-id': 'r-0123456789abcdef0',
    'security-groups': 'default',
    services: { domain: 'amazonaws.com', partition: 'aws' },
  }
}

/** The signed description of an instance ("Instance identity documents"); who would verify it is not in the guest. */
export function identityDocument({ id }: Instance): string {
  const document = {
    accountId: account,
    architecture: 'x86_64',
    availabilityZone: zone,
    imageId,
    instanceId: ec2IdOf(id),
    instanceType: type,
    pendingTime: '2026-01-01T00:00:00Z',
    privateIp: privateAddress,
    region,
    version: '2017-09-30',
  }
  return JSON.stringify(document, null, 2)
}
