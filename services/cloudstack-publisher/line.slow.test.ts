import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { createScene, fastEngines } from '#test/line/scene.ts'
import { startCloudStack } from '#test/fakes/cloudstack/cloud.ts'

it('a whole drop reaches a cloud that fetches it from the open mirror, before it is announced', async () => {
  await using scene = await createScene()
  const mirror = createServer((request, response) => {
    createReadStream(join(scene.state, 'mirror', decodeURI(request.url ?? '')))
      .on('error', () => response.writeHead(404).end())
      .pipe(response)
  })
  mirror.listen(0, '127.0.0.1')
  await once(mirror, 'listening')
  const host = `127.0.0.1:${String((mirror.address() as AddressInfo).port)}`
  await using cloud = await startCloudStack({ mirror: host })
  const { key, secret } = cloud.addAccount('publisher')
  const configFile = join(scene.root, 'cloudstack.ini')
  await writeFile(configFile, `[here]\nendpoint = ${cloud.endpoint}\nkey = ${key}\nsecret = ${secret}\n`)
  const shipped = parse(await readFile(join(import.meta.dirname, '..', '..', 'deploy', 'drops.yaml'), 'utf8')) as object
  const policy = join(scene.root, 'drops.yaml')
  await writeFile(
    policy,
    stringify({ ...shipped, targets: { generic: ['mirror', 'cloudstack'], ec2: ['mirror', 'ec2'] } }),
  )

  const args = ['drop', '--distribution', 'debian-12', '--images', 'generic.x86_64', '--state', scene.state]
  const settings = {
    ...fastEngines,
    IMAGEDROP_SCHEDULER_POLICY: policy,
    IMAGEDROP_CLOUDSTACK_PUBLISHER_CLOUDS: 'here/zone-1',
    IMAGEDROP_CLOUDSTACK_PUBLISHER_CONFIG_FILE: configFile,
    IMAGEDROP_CLOUDSTACK_PUBLISHER_MIRROR_URL: `http://${host}`,
    IMAGEDROP_CLOUDSTACK_PUBLISHER_LOOK_SECONDS: '1',
  }
  const { status, stdout } = await scene.command(args, settings)
  mirror.closeAllConnections()
  mirror.close()
  expect(stdout).toContain('published and announced')
  expect(status).toBe(0)
  expect(cloud.world.templates).toMatchObject([{ ispublic: true, isready: true, status: 'Download Complete' }])
  const subjects = (await scene.events()).map(({ subject }) => subject)
  const place = (subject: string) => subjects.lastIndexOf(subject)
  expect(place('drop.mirrored.v1')).toBeLessThan(place('image.published.v1'))
  expect(place('image.published.v1')).toBeLessThan(place('drop.published.v1'))

  const audited = await scene.command(['audit', 'cloudstack', '--state', scene.state], settings)
  expect(audited).toMatchObject({ status: 0, stdout: 'cloudstack: all is as the ledger says\n' })
  for (const template of cloud.world.templates) template.ispublic = false
  const repaired = await scene.command(['audit', 'cloudstack', '--repair', '--state', scene.state], settings)
  expect(repaired).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/is private, not public; mended/) as string,
  })
  expect(cloud.world.templates).toMatchObject([{ ispublic: true }])
})
