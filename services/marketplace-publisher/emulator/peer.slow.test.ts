import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, it } from 'vitest'
import { providePythonEnvironment } from '#test/brokers/python-venv.ts'
import { seller, setUp } from '../testing/bench.ts'

/** What SUSE lists its images with, by boto3 and with the details as a string; it goes on when it gets a line. */
const program = `
import json, sys
import boto3
from aws_mp_utils.changeset import get_change_set_status, get_ongoing_change_id_from_error, start_mp_change_set
from aws_mp_utils.image import (
    create_add_version_change_doc, create_restrict_version_change_doc, get_image_delivery_option_id)

ami = 'ami-0123456789abcdef0'
client = boto3.client('marketplace-catalog', region_name='us-east-1', endpoint_url=sys.argv[1])

def say(**told):
    print(json.dumps(told), flush=True)
    sys.stdin.readline()

def version(title):
    role = 'arn:aws:iam::123456789012:role/r'
    return [create_add_version_change_doc(
        'prod-x86', title, ami, role, 'new', 'OTHERLINUX', '43', 'ssh', 't3.micro', 'fedora')]

added = start_mp_change_set(client, version('by a peer'))['ChangeSetId']
try:
    client.start_change_set(Catalog='AWSMarketplace', ChangeSet=version('another'))
except client.exceptions.ResourceInUseException as error:
    say(id=added, status=get_change_set_status(client, added), locked_by=get_ongoing_change_id_from_error(str(error)))
option = get_image_delivery_option_id(client, 'prod-x86', ami)
restricted = start_mp_change_set(client, [create_restrict_version_change_doc('prod-x86', option)])['ChangeSetId']
say(status=get_change_set_status(client, added))
versions = client.describe_entity(Catalog='AWSMarketplace', EntityId='prod-x86')['DetailsDocument']['Versions']
say(status=get_change_set_status(client, restricted),
    seen=[one['Visibility'] for version in versions for one in version['DeliveryOptions']])
`

it('answers what SUSE lists its images with as that expects it: lock, states, and the option of an AMI', async () => {
  await using bench = await setUp()
  const bin = await providePythonEnvironment('marketplace-peer', ['aws-mp-utils==0.5.0'])
  const peer = spawn(join(bin, 'python'), ['-c', program, bench.emulator.url], {
    env: {
      AWS_ACCESS_KEY_ID: seller.accessKeyId,
      AWS_SECRET_ACCESS_KEY: seller.secretAccessKey,
      AWS_EC2_METADATA_DISABLED: 'true',
      HOME: '/nonexistent',
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const told: { id?: string; status: string; locked_by?: string; seen?: string[] }[] = []
  for await (const line of createInterface(peer.stdout)) {
    told.push(JSON.parse(line) as (typeof told)[number])
    bench.clock.now += 2 * 3_600_001
    peer.stdin.write('\n')
  }
  expect(peer.exitCode ?? (await once(peer, 'exit'))[0]).toBe(0)
  expect(told).toEqual([
    { id: told[0]?.locked_by, status: 'preparing', locked_by: expect.stringMatching(/^\w{25}$/) as string },
    { status: 'succeeded' },
    { status: 'succeeded', seen: ['Restricted'] },
  ])
})
