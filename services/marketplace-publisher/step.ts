import type { Step } from '#service/step.ts'

export const target = 'marketplace'

/** The target whose images are listed, and the region where the Marketplace takes them from. */
export const source = { target: 'ec2', place: 'us-east-1' }

/** Offers the published images of a Final as new versions of products. */
export const step: Step = {
  service: 'marketplace-publisher',
  of: 'image',
  follows: 'drop.published.v1',
  verb: 'listing',
  waits: 'comes after the publication',
  publishes: {
    target,
    title: 'AWS Marketplace',
    flavours: ['ec2', 'ec2-*'],
    formats: [],
    after: 'publication',
    milestones: ['Final'],
    from: source.target,
  },
}
