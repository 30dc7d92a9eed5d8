import { ec2, noAmi, type BadRequest } from './bad-request.ts'

const one = { InstanceType: 't2.micro', MinCount: 1, MaxCount: 1 }
const noInstance = 'i-0123456789abcdef0'

/** Bad requests about instances. */
export const badInstanceRequests: readonly BadRequest[] = [
  [
    'to start an image that is not there',
    'InvalidAMIID.NotFound',
    () => ec2('run_instances', { ...one, ImageId: noAmi }),
  ],
  [
    'to start an image on a type that there is not',
    'InvalidParameterValue',
    ({ ami }) => ec2('run_instances', { ...one, ImageId: ami, InstanceType: 'x0.pico' }),
  ],
  [
    'user data above 16 KiB',
    'InvalidParameterValue',
    ({ ami }) => ec2('run_instances', { ...one, ImageId: ami, UserData: 'x'.repeat(16_385) }),
  ],
  [
    'an end of an instance that there is not',
    'InvalidParameterValue',
    ({ ami }) => ec2('run_instances', { ...one, ImageId: ami, InstanceInitiatedShutdownBehavior: 'explode' }),
  ],
  [
    'what is only tried, of an instance',
    'DryRunOperation',
    ({ ami }) => ec2('run_instances', { ...one, ImageId: ami, DryRun: true }),
  ],
  [
    'an instance that is not there',
    'InvalidInstanceID.NotFound',
    () => ec2('describe_instances', { InstanceIds: [noInstance] }),
  ],
  [
    'an instance id that is none',
    'InvalidInstanceID.Malformed',
    () => ec2('describe_instances', { InstanceIds: ['i-x'] }),
  ],
  [
    'the console of an instance that is not there',
    'InvalidInstanceID.NotFound',
    () => ec2('get_console_output', { InstanceId: noInstance }),
  ],
  [
    'to end an instance that is not there',
    'InvalidInstanceID.NotFound',
    () => ec2('terminate_instances', { InstanceIds: [noInstance] }),
  ],
]
