import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Registration } from '#events/vocabulary.ts'
import type { OpenPlace, PlaceDeclaration, Publisher } from '#publishing/testing/contract-place.ts'
import { imageName } from '#publishing/image-name.ts'
import { followWaits } from '#publishing/testing/follow-waits.ts'
import { cloudEntry, passwordOf } from '#test/brokers/openstack/accounts.ts'
import { startOpenStack, type OpenStack } from '#test/brokers/openstack/openstack.ts'
import { adminPassword } from '#test/brokers/openstack/settings.ts'
import type { GlanceImage } from '#openstack/glance.ts'
import { imageId } from '../upload/image-id.ts'
import { dropProperty } from '../upload/image-properties.ts'
import { change } from './as-person.ts'
import { setUp, type Bench } from './bench.ts'
import { blessed, converted, digestOf, expired, handle, keepDisks, superseded, tested, type Disks } from './events.ts'

/** A real Keystone and a real Glance; each trial has a project of its own, and its two clouds are the same Glance. */
export const contractPlace: PlaceDeclaration = {
  async start() {
    const stack = await startOpenStack()
    const administrator = { user: 'admin', password: adminPassword, project: 'admin' }
    const { token } = await stack.administrator.ask('POST', '/auth/tokens', passwordOf(administrator), '')
    return {
      atOnce: 2,
      stride: 5,
      open: async () => await open(stack, glanceAsked(stack, token)),
      [Symbol.asyncDispose]: () => stack[Symbol.asyncDispose](),
    }
  },
}

async function open(stack: OpenStack, ask: AskGlance): Promise<OpenPlace> {
  const bench = await setUp(stack)
  const disks = await keepDisks(bench.artifacts)
  const { userId, projectId } = bench.account
  const whole = digestOf(await readFile(await bench.artifacts.open(disks.qcow2)), 'sha512')
  const others = new Set<string>()
  const images = async (owner: string) =>
    (await Promise.all(['true', 'false'].map((one) => listed(ask, owner, one)))).flat()
  const own = async () => (await images(projectId)).filter((one) => typeof one[dropProperty] === 'string')
  let files = 0
  return {
    steps: ['upload', 'publish'],
    endings: ['supersede', 'expire'],
    isChange: ({ method, path }) => method !== 'GET' && !path.endsWith('/auth/tokens'),
    async publisher(via, { two = false, clockAhead = 0, impatient = false, ...options } = {}) {
      const entry = async (name: string, place: 'first' | 'second') => {
        const [keystone, glance] = [await via(stack.keystone, () => place), await via(stack.glance, () => place)]
        return cloudEntry(name, { keystone, glance }, bench.account)
      }
      const entries = [await entry('one', 'first'), ...(two ? [await entry('two', 'second')] : [])]
      files += 1
      const cloudsFile = join(bench.folder, `clouds-${String(files)}.yaml`)
      await writeFile(cloudsFile, `clouds:\n${entries.join('')}`)
      const clouds = bench.publisher(
        {
          IMAGEDROP_OPENSTACK_PUBLISHER_CLOUDS: two ? 'one=community,two=community' : 'one=community',
          IMAGEDROP_OPENSTACK_PUBLISHER_CLOUDS_FILE: cloudsFile,
          IMAGEDROP_OPENSTACK_PUBLISHER_PATIENCE_SECONDS: '20',
          ...(impatient ? { IMAGEDROP_OPENSTACK_PUBLISHER_SILENCE_SECONDS: '1' } : {}),
        },
        undefined,
        () => Date.now() + clockAhead,
      )
      return publisherOf(bench, disks, { clouds, options })
    },
    async inventory() {
      const all = [...(await images(projectId)), ...(await Promise.all([...others].map(images))).flat()]
      const ours = all.filter((one) => one.owner === projectId && typeof one[dropProperty] === 'string')
      return {
        ours: ours.map(({ id, visibility, status, os_hash_value: digest }) => {
          return { id, isPublic: visibility !== 'private', isWhole: status === 'active' && digest === whole }
        }),
        leftovers: [],
        others: all.filter((one) => !ours.includes(one)),
      }
    },
    async occupy() {
      const stranger = await setUp(stack)
      others.add(stranger.account.projectId)
      const { body } = tested(disks)
      const order = { ...body, file: { path: '', ...disks.qcow2 }, diskSize: 0, minRam: 0 }
      const bare = { disk_format: 'qcow2', container_format: 'bare', visibility: 'private', tags: ['imagedrop'] }
      const theirs = { ...bare, id: imageId(order, 0), name: 'theirs', owner: stranger.account.projectId }
      const byHand = { ...bare, name: imageName(order), owner: projectId }
      for (const one of [theirs, byHand]) await ask('POST', '/images', one)
      await stranger[Symbol.asyncDispose]()
    },
    async removeOurs() {
      for (const { id } of await own()) await ask('DELETE', `/images/${id}`)
    },
    refusals: {
      'its user is disabled': async () => {
        await stack.administrator.ask('PATCH', `/users/${userId}`, { user: { enabled: false } })
        return async () => {
          // Keystone counts in seconds: a token of the one in which the user was disabled would be revoked with the others.
          await delay(1_001)
          await stack.administrator.ask('PATCH', `/users/${userId}`, { user: { enabled: true } })
        }
      },
    },
    audits: {
      image: 'generic.x86_64',
      audit: (drops, how) => bench.clouds.audit(drops, { signal: AbortSignal.timeout(60_000), progress() {} }, how),
      hear: (hour, audit) => handle({ ...bench, ...(audit ? { audit } : {}) }, hour),
      async close() {
        for (const { id } of await own()) await change(bench, id, { visibility: 'private' })
      },
    },
    [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose](),
  }
}

function publisherOf(
  bench: Bench,
  disks: Disks,
  { clouds, options }: { readonly clouds: Bench['clouds']; readonly options: { readonly realWaits?: boolean } },
): Publisher {
  return async (step, registrations, signal) => {
    const given = { clouds, signal }
    if (step === 'upload') {
      const waited = { state: null, since: new Date(0), why: { event: converted(disks) } }
      return registrationsIn((await handle(bench, tested(disks), { ...given, waited })).events)
    }
    const event = { publish: blessed, supersede: superseded, expire: expired }[step](registrations)
    return registrationsIn(await followWaits((woken) => handle(bench, event, { ...woken, ...given }), options))
  }
}

function registrationsIn(said: readonly { readonly body: object }[]): readonly Registration[] {
  return said.flatMap(({ body }) => ('registrations' in body ? (body.registrations as Registration[]) : []))
}

type AskGlance = (method: string, path: string, body?: object) => Promise<unknown>

/** Asks Glance as its administrator, who sees everything and may do everything. */
function glanceAsked({ glance }: OpenStack, token: string): AskGlance {
  return async (method, path, body) => {
    const headers = { 'x-auth-token': token, 'content-type': 'application/json' }
    const signal = AbortSignal.timeout(60_000)
    const reply = await fetch(`${glance}/v2${path}`, {
      method,
      headers,
      signal,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await reply.text()
    if (!reply.ok) throw new Error(`${method} ${path}: ${String(reply.status)} ${text}`)
    return text === '' ? null : JSON.parse(text)
  }
}

async function listed(ask: AskGlance, owner: string, hidden: string): Promise<GlanceImage[]> {
  const query = new URLSearchParams({ owner, visibility: 'all', os_hidden: hidden })
  return ((await ask('GET', `/images?${query.toString()}`)) as { images: GlanceImage[] }).images
}
