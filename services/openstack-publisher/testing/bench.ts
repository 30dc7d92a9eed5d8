import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createFolderStore } from '#artifacts/folder.ts'
import type { ArtifactStore } from '#artifacts/store.ts'
import { run } from '#subprocess/run.ts'
import { cloudsYaml, passwordOf, type Account, type AccountIds } from '#test/brokers/openstack/accounts.ts'
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
  readonly account: Account & AccountIds
  readonly clouds: Clouds
  readonly minRam: number
  readonly keepDays: number
  readonly mirrorUrl: string | null
  readonly lookSeconds: number
  readonly downloadHours: number
  /** The images of the project as Glance lists them, hidden ones or the others. */
  images(which?: 'hidden'): Promise<GlanceImage[]>
  /** Runs OpenStack's own client with the same clouds.yaml, and gives what it prints as JSON. */
  openstack(...args: readonly string[]): Promise<unknown>
  /** Another publisher with the same account. */
  publisher(settings?: Readonly<Record<string, string>>, meets?: Meets, now?: () => number): Clouds
}

let projects = 0

/** Makes an account in a project of its own, by role `member` or `admin`, and a publisher that uses it. */
export async function setUp(stack: OpenStack, role: 'member' | 'admin' = 'member'): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-openstack-publisher-'))
  projects += 1
  const named = { user: `publisher-${String(projects)}`, password: 'secret', project: `images-${String(projects)}` }
  const account = { ...named, ...(await stack.administrator.addAccount(named, role)) }
  const cloudsFile = join(folder, 'clouds.yaml')
  await writeFile(cloudsFile, cloudsYaml('one', stack.keystone, account))
  function publisher(more: Readonly<Record<string, string>> = {}, meets: Meets = (_, send) => send(), now = Date.now) {
    const env = {
      IMAGEDROP_OPENSTACK_PUBLISHER_CLOUDS: 'one=community',
      IMAGEDROP_OPENSTACK_PUBLISHER_CLOUDS_FILE: cloudsFile,
      IMAGEDROP_OPENSTACK_PUBLISHER_POLL_SECONDS: '0.1',
      IMAGEDROP_OPENSTACK_PUBLISHER_PATIENCE_SECONDS: '60',
      IMAGEDROP_OPENSTACK_PUBLISHER_GRACE_SECONDS: '1',
      ...more,
    }
    const settings = readOpenstackPublisherConfig(env)
    const places = createOpenPlaces(
      settings,
      env,
      (wire) => {
        const send = createSend(wire)
        return (request, signal) => meets(request, () => send(request, signal))
      },
      now,
    )
    return createClouds(places, settings)
  }
  return {
    folder,
    artifacts: await createFolderStore(join(folder, 'artifacts')),
    cloudsFile,
    account,
    clouds: publisher(),
    minRam: 512,
    keepDays: 30,
    mirrorUrl: null,
    lookSeconds: 1,
    downloadHours: 12,
    publisher,
    async images(which) {
      const { token } = await stack.administrator.ask('POST', '/auth/tokens', passwordOf(account), '')
      const query = new URLSearchParams({ owner: account.projectId, os_hidden: String(which === 'hidden') })
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
