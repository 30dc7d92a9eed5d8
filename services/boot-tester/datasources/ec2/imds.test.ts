import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ask, exampleInstance } from '../testing/ask.ts'
import { ec2 } from './datasource.ts'
import { imdsAnswers } from './imds.ts'

const ttl = 'x-aws-ec2-metadata-token-ttl-seconds'
const header = 'x-aws-ec2-metadata-token'

function tokenFor(answers: ReturnType<typeof imdsAnswers>, seconds: string): string {
  const { status, body } = ask(answers, 'PUT /latest/api/token', { headers: { [ttl]: seconds } })
  expect(status).toBe(200)
  return body ?? ''
}

it('a token opens the door for as long as was asked, and no longer', () => {
  const answers = imdsAnswers(exampleInstance, 'required')
  const headers = { [header]: tokenFor(answers, '60') }
  expect(ask(answers, 'GET /latest/meta-data/instance-type', { headers, at: new Date(59_999) })).toMatchObject({
    status: 200,
    body: 't3.micro',
  })
  expect(ask(answers, 'GET /latest/meta-data/instance-type', { headers, at: new Date(60_000) }).status).toBe(401)
})

it.each([
  ['required', {}, 401],
  ['optional', {}, 200],
  ['none', {}, 200],
  ['required', { [header]: 'made-up' }, 401],
  ['optional', { [header]: 'made-up' }, 401],
  ['none', { [header]: 'made-up' }, 200],
] as const)('where tokens are %s, a GET with %j is answered %i', (tokens, headers, status) => {
  expect(ask(imdsAnswers(exampleInstance, tokens), 'GET /latest/meta-data/ami-id', { headers }).status).toBe(status)
})

it.each([
  [{}, 400],
  [{ [ttl]: '0' }, 400],
  [{ [ttl]: '21601' }, 400],
  [{ [ttl]: 'long' }, 400],
  [{ [ttl]: '21600' }, 200],
  [{ [ttl]: '60', 'x-forwarded-for': '192.0.2.1' }, 403],
])('a PUT for a token with %j is answered %i', (headers, status) => {
  expect(ask(imdsAnswers(exampleInstance, 'required'), 'PUT /latest/api/token', { headers }).status).toBe(status)
})

it.each([
  ['GET /latest/meta-data/public-keys/', '0=boot-test'],
  ['GET /latest/meta-data/public-keys/0/', 'openssh-key'],
  ['GET /latest/meta-data/public-keys/0/openssh-key', exampleInstance.publicKey],
  ['GET /latest/meta-data/network/interfaces/macs/', '52:54:00:12:34:56/'],
  ['GET /2009-04-04/user-data', exampleInstance.userData],
  ['GET /latest/dynamic/instance-identity/', 'document'],
])('%s', (line, body) => {
  expect(ask(imdsAnswers(exampleInstance, 'optional'), line)).toMatchObject({ status: 200, body })
})

it.each([
  'GET /latest/meta-data/nothing',
  'GET /2999-01-01/meta-data/instance-id',
  'GET /latest/meta-data/__proto__',
  'GET /latest/meta-data/instance-id/below',
  'GET /latest/user-data/below',
])('%s is not there', (line) => {
  expect(ask(imdsAnswers(exampleInstance, 'optional'), line).status).toBe(404)
})

it('before tokens there were no newer versions, and no dynamic data', () => {
  const answers = imdsAnswers(exampleInstance, 'none')
  expect(ask(answers, 'GET /').body).toBe('1.0\n2009-04-04\nlatest')
  expect(ask(answers, 'GET /2016-09-02/meta-data/instance-id').status).toBe(404)
  expect(ask(answers, 'GET /latest/dynamic/instance-identity/document').status).toBe(404)
})

it('the firmware says what guests know EC2 by', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'imds-'))
  await using cloud = await ec2.open(exampleInstance, folder, new AbortController().signal)
  expect(cloud.identity.uuid).toMatch(/^ec2[0-9a-f]{5}-/)
  expect(cloud.identity.serial).toBe(cloud.identity.uuid)
  expect(cloud.servers.map(({ address, port }) => `${address} ${String(port)}`)).toEqual([
    '169.254.169.254 80',
    'fd00:ec2::254 80',
  ])
  await rm(folder, { recursive: true })
})
