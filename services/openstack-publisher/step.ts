import type { Step } from '#service/step.ts'

export const target = 'openstack'

/** Uploads what passed, as qcow2, and opens it with the blessing. */
export const step: Step = {
  service: 'openstack-publisher',
  of: 'image',
  follows: 'image.tested.v1',
  verb: 'OpenStack',
  waits: 'waits for the boot test',
  publishes: {
    target,
    title: 'OpenStack',
    flavours: ['generic', 'openstack', 'openstack-*'],
    formats: ['qcow2'],
    launch: 'openstack --os-cloud {place} server create --image {id} --flavor m1.small --key-name KEY NAME',
    after: 'tests',
  },
}
