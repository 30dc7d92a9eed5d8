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
    consoles: [
      { places: 'cn-*', address: 'https://console.amazonaws.cn/ec2/home?region={place}#launchAmi={id}' },
      { places: 'us-gov-*', address: 'https://console.amazonaws-us-gov.com/ec2/home?region={place}#launchAmi={id}' },
      { places: '*', address: 'https://console.aws.amazon.com/ec2/home?region={place}#launchAmi={id}' },
    ],
  },
}
