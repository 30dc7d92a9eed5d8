import type { Step } from '#service/step.ts'

export const target = 'cloudstack'

/** Has clouds fetch the open mirror's qcow2 as a template, and opens it. */
export const step: Step = {
  service: 'cloudstack-publisher',
  of: 'image',
  follows: 'drop.mirrored.v1',
  verb: 'CloudStack',
  waits: 'waits for the mirror',
  publishes: {
    target,
    title: 'CloudStack',
    flavours: ['generic', 'cloudstack', 'cloudstack-*'],
    formats: ['qcow2'],
    launch: 'cmk deploy virtualmachine templateid={id} zoneid=ZONE serviceofferingid=OFFERING',
    after: 'mirror',
  },
}
