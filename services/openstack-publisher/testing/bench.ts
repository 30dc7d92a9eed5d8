import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createFolderStore } from '#artifacts/folder.ts'
import type { ArtifactStore } from '#artifacts/store.ts'
import { run } from '#subprocess/run.ts'
import { cloudsYaml, passwordOf } from '#test/brokers/openstack/accounts.ts'
import type { OpenStack } from '#test/brokers/openstack/openstack.ts'
import type { GlanceImage } from '#openstack/glance.ts'
import { createSend, type Send } from '#publishing/http.ts'
import { createClouds, type Clouds } from '../cloud.ts'
import { createOpenPlaces } from '../places.ts'
import { readOpenstackPublisherConfig } from '../config.ts'

/** What a request of the publisher meets. */
export type Meets = (request: Parameters<Send>[0], send: () => ReturnType<Send>) => ReturnType<Send>

/** A project of its own in a real cloud, an artifact store, and a publisher with that account. */
export interface Bench extends AsyncDisposable {
  readonly folder: string
  readonly artifacts: ArtifactStore
  readonly cloudsFile: string
  readonly clouds: Clouds
  readonly minRam: number
  readonly keepDays: number
  /** The images of the project as Glance lists them, hidden ones or the others. */
  images(which?: 'hidden'): Promise<GlanceImage[]>
  /** Runs OpenStack's own client with the same clouds.yaml, and gives what it prints as JSON. */
  openstack(...args: readonly string[]): Promise<unknown>
  /** Another publisher with the same account. */
  publisher(settings?: Readonly<Record<string, string>>, meets?: Meets): Clouds
}

let projects = 0

/** Makes an account in a project of its own, by role `member` or `admin`, and a publisher that uses it. */
export async function setUp(stack: OpenStack, role: 'member' | 'admin' = 'member'): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-openstack-publisher-'))
  projects += 1
  const account = { user: `publisher-${String(projects)}`, password: 'secret', project: `images-${String(projects)}` }
  await stack.administrator.addAccount(account, role)
  const cloudsFile = join(folder, 'clouds.yaml')
  await writeFile(cloudsFile, cloudsYaml('one', stack.keystone, account))
  function publisher(more: Readonly<Record<string, string>> = {}, meets: Meets = (_, send) => send()): Clouds {
    const env = {
      IMAGEDROP_OPENSTACK_PUBLISHER_CLOUDS: 'one=community',
      IMAGEDROP_OPENSTACK_PUBLISHER_CLOUDS_FILE: cloudsFile,
      IMAGEDROP_OPENSTACK_PUBLISHER_POLL_SECONDS: '0.1',
      IMAGEDROP_OPENSTACK_PUBLISHER_PATIENCE_SECONDS: '60',
      IMAGEDROP_OPENSTACK_PUBLISHER_GRACE_SECONDS: '1',
      ...more,
    }
    const settings = readOpenstackPublisherConfig(env)
    const places = createOpenPlaces(settings, env, (wire) => {
      const send = createSend(wire)
      return (request, signal) => meets(request, () => send(request, signal))
    })
    return createClouds(places, settings)
  }
  return {
    folder,
    artifacts: await createFolderStore(join(folder, 'artifacts')),
    cloudsFile,
    clouds: publisher(),
    minRam: 512,
    keepDays: 30,
    publisher,
    async images(which) {
      const { token, body } = await stack.administrator.ask('POST', '/auth/tokens', passwordOf(account), '')
      const owner = (body as { token: { project: { id: string } } }).token.project.id
      const query = new URLSearchParams({ owner, os_hidden: String(which === 'hidden') })
      const headers = { 'x-auth-token': token }
      const response = await fetch(`${stack.glance}/v2/images?${query.toString()}`, { headers })
      return ((await response.json()) as { images: GlanceImage[] }).images
    },
    async openstack(...args) {
      const env = { OS_CLIENT_CONFIG_FILE: cloudsFile, PYTHONWARNINGS: 'ignore' }
      const { stdout } = await run(join(stack.bin, 'openstack'), ['--os-cloud', 'one', ...args, '-f', 'json'], { env })
      return JSON.parse(stdout) as unknown
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}
