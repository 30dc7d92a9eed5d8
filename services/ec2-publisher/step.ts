import type { Step } from '#service/step.ts'

export const target = 'ec2'

/** Uploads what passed, and publishes it with the blessing. */
export const step: Step = {
  service: 'ec2-publisher',
  of: 'image',
  follows: 'image.tested.v1',
  verb: 'EC2',
  waits: 'waits for the boot test',
  publishes: {
    target,
    title: 'Amazon EC2',
    flavours: ['ec2', 'ec2-*'],
    formats: [],
    launch: 'aws ec2 run-instances --region {place} --image-id {id} --instance-type t3.micro --key-name KEY',
    after: 'tests',
  },
}
