import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { lookForAws } from './credentials.ts'

it('finds AWS by an endpoint, by the environment and by files, and knows when there is no way to it', async () => {
  const HOME = await mkdtemp(join(tmpdir(), 'imagedrop-home-'))
  expect(lookForAws({ HOME })).toEqual({ missing: 'no AWS credentials on this host' })
  expect(lookForAws({ HOME, AWS_PROFILE: 'release' })).toEqual({ found: 'AWS, by AWS_PROFILE' })
  expect(lookForAws({ HOME, AWS_ACCESS_KEY_ID: '' })).toHaveProperty('missing')
  const endpoint = 'http://ec2.example.org'
  expect(lookForAws({ HOME, IMAGEDROP_EC2_PUBLISHER_ENDPOINT: endpoint })).toEqual({ found: endpoint })
  await mkdir(join(HOME, '.aws'))
  await writeFile(join(HOME, '.aws', 'credentials'), '')
  expect(lookForAws({ HOME })).toEqual({ found: `AWS, by ${HOME}/.aws/credentials` })
  await rm(HOME, { recursive: true })
})
