import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readEc2PublisherConfig } from './config.ts'
import { findCredentials } from './credentials.ts'

it('publishes to us-east-1 by 32 connections unless told otherwise', () => {
  expect(readEc2PublisherConfig({})).toMatchObject({
    regions: ['us-east-1'],
    connections: 32,
    emulated: false,
    endpoint: null,
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
  expect(() => readEc2PublisherConfig({ IMAGEDROP_EC2_PUBLISHER_EMULATED: 'true' })).toThrow(/ENDPOINT.*got nothing/)
})

it.each([
  ['REGIONS', 'Frankfurt', /IMAGEDROP_EC2_PUBLISHER_REGIONS.*us-east-1.*/],
  ['ENDPOINT', 'nowhere', /IMAGEDROP_EC2_PUBLISHER_ENDPOINT: .*"nowhere"/],
  ['CONNECTIONS', '0', /IMAGEDROP_EC2_PUBLISHER_CONNECTIONS: .*"0"/],
  ['ROOT_DEVICE', '/dev/vda', /IMAGEDROP_EC2_PUBLISHER_ROOT_DEVICE: .*\/dev\/vda/],
  ['REGION', 'us-east-1', /IMAGEDROP_EC2_PUBLISHER_REGION: there is no such setting/],
])('refuses the setting %s=%s by its name', (name, value, message) => {
  expect(() => readEc2PublisherConfig({ [`IMAGEDROP_EC2_PUBLISHER_${name}`]: value })).toThrow(message)
})

it('finds credentials in the environment and in files, and knows when there are none', async () => {
  const home = await mkdtemp(join(tmpdir(), 'imagedrop-home-'))
  expect(findCredentials({}, home)).toBeNull()
  expect(findCredentials({ AWS_PROFILE: 'release' }, home)).toBe('the variable AWS_PROFILE')
  await mkdir(join(home, '.aws'))
  await writeFile(join(home, '.aws', 'credentials'), '')
  expect(findCredentials({}, home)).toBe(`the file ${home}/.aws/credentials`)
  await rm(home, { recursive: true })
})
