import type { Step } from '#service/step.ts'

export const target = 'eucalyptus'

/** Bundles what passed, registers it, and opens it with the blessing. */
export const step: Step = {
  service: 'eucalyptus-publisher',
  of: 'image',
  follows: 'image.tested.v1',
  verb: 'Eucalyptus',
  waits: 'waits for the boot test',
  publishes: {
    target,
    title: 'Eucalyptus',
    flavours: ['generic', 'eucalyptus', 'eucalyptus-*'],
    formats: [],
    launch: 'euca-run-instances --region {place} -t m1.small -k KEY {id}',
    after: 'tests',
  },
}
