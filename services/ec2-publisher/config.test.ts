import { expect, it } from 'vitest'
import { readEc2PublisherConfig } from './config.ts'

it('publishes to us-east-1 by 32 connections unless told otherwise', () => {
  expect(readEc2PublisherConfig({})).toMatchObject({
    regions: ['us-east-1'],
    connections: 32,
    emulated: false,
    endpoint: null,
  })
})

it('takes regions of every partition, as which there are is for the cloud to say', () => {
  const regions = ['eusc-de-east-1', 'us-gov-west-1', 'cn-north-1', 'mx-central-1']
  expect(readEc2PublisherConfig({ IMAGEDROP_EC2_PUBLISHER_REGIONS: regions.join(', ') })).toMatchObject({ regions })
})

it('takes a profile for each partition', () => {
  expect(readEc2PublisherConfig({ IMAGEDROP_EC2_PUBLISHER_PROFILES: 'aws-cn=china, aws-us-gov=gov' })).toMatchObject({
    profiles: { 'aws-cn': 'china', 'aws-us-gov': 'gov' },
  })
})

it('needs fewer connections to the emulator', () => {
  const emulated = {
    IMAGEDROP_EC2_PUBLISHER_EMULATED: 'true',
    IMAGEDROP_EC2_PUBLISHER_ENDPOINT: 'http://127.0.0.1:4566',
  }
  expect(readEc2PublisherConfig(emulated)).toMatchObject({ connections: 8 })
  expect(readEc2PublisherConfig({ ...emulated, IMAGEDROP_EC2_PUBLISHER_CONNECTIONS: '3' }).connections).toBe(3)
})

it('does not take AWS for the emulator', () => {
  const imports = {
    IMAGEDROP_EC2_PUBLISHER_ENDPOINT: 'http://127.0.0.1:4566',
    IMAGEDROP_EC2_PUBLISHER_IMPORT_BUCKETS: 'aws=disks',
  }
  expect(() => readEc2PublisherConfig({ ...imports, IMAGEDROP_EC2_PUBLISHER_EMULATED: 'true' })).toThrow(
    /IMPORT_ENDPOINT.*got nothing/,
  )
  expect(() => readEc2PublisherConfig({ IMAGEDROP_EC2_PUBLISHER_EMULATED: 'true' })).toThrow(/ENDPOINT.*got nothing/)
})

it.each([
  ['REGIONS', 'Frankfurt', /IMAGEDROP_EC2_PUBLISHER_REGIONS.*us-east-1.*/],
  ['ENDPOINT', 'nowhere', /IMAGEDROP_EC2_PUBLISHER_ENDPOINT: .*"nowhere"/],
  ['REGIONS', 'us-east-1,', /IMAGEDROP_EC2_PUBLISHER_REGIONS.*us-east-1.*/],
  ['BEST_EFFORT_REGIONS', 'eu-west-1, us-east-1', /BEST_EFFORT_REGIONS: regions that are not in .*, got us-east-1/],
  ['PROFILES', 'china', /IMAGEDROP_EC2_PUBLISHER_PROFILES: .*aws-cn=NAME/],
  ['IMPORT_BUCKETS', 'disks', /IMAGEDROP_EC2_PUBLISHER_IMPORT_BUCKETS: .*aws=NAME/],
  ['IMPORT_BUCKETS', 'aws=Disks', /IMAGEDROP_EC2_PUBLISHER_IMPORT_BUCKETS: .*as S3 allows them/],
  ['IMPORT_PART_MIB', '4', /IMAGEDROP_EC2_PUBLISHER_IMPORT_PART_MIB: .*"4"/],
  ['ROOT_GIB', '0', /IMAGEDROP_EC2_PUBLISHER_ROOT_GIB: .*"0"/],
  ['ROOT_GIB', '65537', /IMAGEDROP_EC2_PUBLISHER_ROOT_GIB: .*"65537"/],
  ['CONNECTIONS', '0', /IMAGEDROP_EC2_PUBLISHER_CONNECTIONS: .*"0"/],
  ['ROOT_DEVICE', '/dev/vda', /IMAGEDROP_EC2_PUBLISHER_ROOT_DEVICE: .*\/dev\/vda/],
  ['REGION', 'us-east-1', /IMAGEDROP_EC2_PUBLISHER_REGION: there is no such setting/],
])('refuses the setting %s=%s by its name', (name, value, message) => {
  expect(() => readEc2PublisherConfig({ [`IMAGEDROP_EC2_PUBLISHER_${name}`]: value })).toThrow(message)
})
