import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readCloud } from './config-file.ts'
import { hostChecks } from './host-checks.ts'
import { standIn } from './stand-in.ts'

let home: string
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'imagedrop-euca-'))
  await mkdir(join(home, '.euca'))
  await writeFile(
    join(home, '.euca', 'lab.ini'),
    [
      '; as euca2ools has it',
      '[region lab]',
      'ec2-url = https://compute.lab.example.org:8773/',
      's3-url = https://objectstorage.lab.example.org:8773/',
      'certificate = ~/cloud-cert.pem',
      'user = publisher',
      'verify-ssl = false',
    ].join('\n'),
  )
  const keys = ['key-id = AKIA', 'secret-key = a=b;c#d', 'account-id = 123456789012', 'certificate = /etc/mine.pem']
  await writeFile(join(home, '.euca', 'users.ini'), ['[user publisher]', ...keys].join('\n'))
})
afterAll(async () => {
  await rm(home, { recursive: true, force: true })
})

const clouds = 'IMAGEDROP_EUCALYPTUS_PUBLISHER_CLOUDS'
const [check] = hostChecks
const look = (env: Record<string, string>) => check?.look({ env } as never)

it('reads a region and its user, also of different files, and tells the two certificates apart', () => {
  expect(readCloud('lab', null, { HOME: home })).toEqual({
    'ec2-url': 'https://compute.lab.example.org:8773/',
    's3-url': 'https://objectstorage.lab.example.org:8773/',
    certificate: join(homedir(), 'cloud-cert.pem'),
    'verify-ssl': false,
    'key-id': 'AKIA',
    'secret-key': 'a=b;c#d',
    'account-id': '123456789012',
    'user-certificate': '/etc/mine.pem',
  })
})

it('reads what an eucarc exports, and what stands in for one', () => {
  const settings = standIn.settings('http://127.0.0.1:1')
  expect(readCloud('eucarc', null, settings)).toMatchObject({
    'ec2-url': 'http://127.0.0.1:1/services/compute/',
    'account-id': '123456789012',
    'verify-ssl': true,
  })
  expect(standIn.isUsed?.({ [clouds]: 'lab' })).toBe(false)
  expect(standIn.isUsed?.({ [clouds]: 'lab, eucarc=private' })).toBe(true)
  expect(standIn.look({})).toEqual({ missing: 'no eucarc was read: EC2_URL is not set' })
  expect(standIn.look(settings)).toEqual({ found: 'http://127.0.0.1:1/services/compute/' })
})

it('tells the doctor what there is, and what is wrong without the secret', () => {
  expect(look({ HOME: home })).toEqual({ missing: 'no region of euca2ools is chosen' })
  expect(look({ HOME: home, [clouds]: 'lab' })).toEqual({ found: 'lab' })
  expect(look({ EC2_SECRET_KEY: 'secret', [clouds]: 'eucarc' })).toEqual({
    missing: expect.not.stringContaining('secret"') as string,
  })
})
