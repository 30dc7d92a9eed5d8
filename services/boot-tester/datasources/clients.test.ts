import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { run } from '#subprocess/run.ts'
import { providePythonEnvironment } from '#test/brokers/python-venv.ts'
import { imdsAnswers, type Tokens } from './ec2/imds.ts'
import { gceAnswers } from './gce/metadata-server.ts'
import { exampleInstance, serveLocally } from './testing/ask.ts'

let python: string
beforeAll(async () => {
  const packages = ['botocore==1.44.8', 'google-auth==2.63.0', 'requests==2.34.2']
  python = join(await providePythonEnvironment('metadata-clients', packages), 'python3')
})

async function say(lines: readonly string[], env: Readonly<Record<string, string>>): Promise<string[]> {
  const { stdout } = await run(python, ['-c', lines.join('\n')], { env, deadline: 25_000 })
  return stdout.trim().split('\n')
}

async function askByBotocore(tokens: Tokens, config = '{}') {
  await using imds = await serveLocally(imdsAnswers(exampleInstance, tokens))
  const told = await say(
    [
      'from botocore.utils import InstanceMetadataRegionFetcher',
      `config = dict(${config}, ec2_metadata_service_endpoint="http://${imds.place}/")`,
      'print(InstanceMetadataRegionFetcher(config=config).retrieve_region())',
    ],
    {},
  )
  return { told, asked: imds.asked }
}

const zone = 'GET /latest/meta-data/placement/availability-zone/ 200'

it.each(['required', 'optional'] as const)(
  'botocore learns its region from an IMDS whose tokens are %s',
  async (tokens) => {
    expect(await askByBotocore(tokens)).toEqual({ told: ['us-east-1'], asked: ['PUT /latest/api/token 200', zone] })
  },
)

it('botocore falls back to version 1 where there are no tokens', async () => {
  expect(await askByBotocore('none')).toEqual({ told: ['us-east-1'], asked: ['PUT /latest/api/token 405', zone] })
})

it("Google's library finds itself on Compute Engine, and reads values and folders", async () => {
  await using server = await serveLocally(gceAnswers(exampleInstance))
  const told = await say(
    [
      'from google.auth.compute_engine import _metadata',
      'from google.auth.transport.requests import Request',
      'ask = Request()',
      'print(_metadata.ping(ask))',
      'print(_metadata.get_project_id(ask))',
      'print(_metadata.get(ask, "instance/", recursive=True)["machineType"])',
      'print(sorted(_metadata.get_service_account_info(ask)))',
    ],
    { GCE_METADATA_HOST: server.place, GCE_METADATA_IP: server.place },
  )
  expect(told).toEqual([
    'True',
    'boot-test',
    'projects/123456789012/machineTypes/e2-small',
    "['aliases', 'email', 'scopes']",
  ])
})
