import { globSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { openSqliteLedger } from '#ledger/sqlite/open.ts'
import { run } from '#subprocess/run.ts'
import { house } from '#test/support/house.ts'
import { readAllSettings } from './settings.ts'
import { faultsOf, type Manifest } from './strict-schema.ts'

const folder = join(import.meta.dirname, '..', '..', 'deploy', 'kubernetes')
const services = house.names

interface Container {
  readonly image: string
  readonly args: readonly string[]
  readonly env?: readonly { name: string; value?: string }[]
  readonly envFrom: readonly { configMapRef?: { name: string }; secretRef?: { name: string } }[]
  readonly resources: Readonly<Record<'requests' | 'limits', Readonly<Record<string, string>>>>
  readonly securityContext: Readonly<Record<string, unknown>>
}

interface Workload extends Manifest {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly terminationGracePeriodSeconds?: number
        readonly volumes: readonly { name: string; secret?: { secretName: string } }[]
        readonly containers: readonly [Container]
      }
    }
  }
}

interface Settings extends Manifest {
  readonly data: Readonly<Record<string, string>>
}

function documentsIn(text: string): Manifest[] {
  return parseAllDocuments(text).map((document) => {
    if (document.errors[0]) throw document.errors[0]
    return document.toJS() as Manifest
  })
}

describe('what the schemas are asked', () => {
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'one' } }

  it.each([
    [
      'a misspelt field',
      { ...pod, spec: { containers: [{ name: 'x', imagee: 'y' }] } },
      /containers\.0\.imagee: there is/,
    ],
    ['a wrong type', { ...pod, spec: { containers: [{ name: 'x', image: 7 }] } }, /image/],
    ['a missing field', { ...pod, spec: {} }, /containers/],
    ['an unknown kind', { ...pod, kind: 'Pot' }, /no Pot in v1/],
  ])('they find %s', async (_what, document, fault) => {
    expect((await faultsOf(document)).join()).toMatch(fault)
  })
})

describe('the manifests', () => {
  const files = globSync('**/*.yaml', { cwd: folder })
  const patches = /pod\.yaml|probes\.yaml|exception\.yaml|bus\.yaml|kustomization\.yaml/

  it.each(files.filter((file) => !patches.test(file)))('%s is what the API takes', async (file) => {
    const documents = documentsIn(await readFile(join(folder, file), 'utf8'))
    expect((await Promise.all(documents.map(faultsOf))).flat()).toEqual([])
  })

  it('KEDA counts what is to be done and what runs, by a query that the ledger answers', async () => {
    const text = await readFile(join(folder, 'components/keda/scaled.yaml'), 'utf8')
    const queries = [...text.matchAll(/query: "(.*)"/g)].map(([, query = '']) => query)
    expect(queries).toHaveLength(3)
    const state = await mkdtemp(join(tmpdir(), 'imagedrop-keda-'))
    await (await openSqliteLedger(join(state, 'ledger')))[Symbol.asyncDispose]()
    const [file = ''] = globSync('ledger/*.{db,sqlite}', { cwd: state })
    using database = new DatabaseSync(join(state, file))
    for (const query of queries) expect(Object.values(database.prepare(query).get() ?? {})).toEqual([0])
    await rm(state, { recursive: true })
  })
})

/** kubectl brings kustomize along. */
const builders = [
  ['kustomize', 'build'],
  ['kubectl', 'kustomize'],
] as const

async function build(overlay: string): Promise<string | null> {
  for (const [tool, command] of builders) {
    const chunks: string[] = []
    const built = await run(tool, [command, join(folder, 'overlays', overlay)], {
      onLine: (line) => chunks.push(line),
    }).catch(() => null)
    if (built) return chunks.join('\n')
  }
  return null
}

const overlays = await Promise.all(['amqp', 'nats'].map(async (name) => [name, await build(name)] as const))
const canBuild = overlays.every(([, text]) => text !== null)

describe.skipIf(!canBuild).each(overlays)('the overlay %s, as kustomize builds it', (_overlay, text) => {
  const documents = documentsIn(text ?? '')
  const workloads = documents.filter(({ kind }) => kind === 'Deployment' || kind === 'Job') as Workload[]
  const deployments = workloads.filter(({ kind }) => kind === 'Deployment')

  it('is what the API takes', async () => {
    expect((await Promise.all(documents.map(faultsOf))).flat()).toEqual([])
  })

  it('has every service, with its own credentials, and nothing besides but the migration', () => {
    expect(deployments.map(({ metadata }) => metadata.name).toSorted()).toEqual(services.toSorted())
    for (const { metadata, spec } of workloads) {
      const [{ args, envFrom }] = spec.template.spec.containers
      expect(args.slice(0, 2).at(-1)).toBe(metadata.name)
      expect(envFrom.map((one) => one.secretRef?.name).filter((name) => name !== undefined)).toEqual([
        `imagedrop-${metadata.name}`,
      ])
      const secrets = spec.template.spec.volumes.flatMap(({ secret }) => (secret ? [secret.secretName] : []))
      expect(secrets).toEqual([`imagedrop-${metadata.name}-bus`])
    }
  })

  it('holds every container to no root, no writing, no capabilities and bounded resources', () => {
    for (const { metadata, spec } of workloads) {
      const [{ image, resources, securityContext }] = spec.template.spec.containers
      expect(spec.template.spec).toMatchObject({
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: { runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: 'RuntimeDefault' } },
      })
      for (const kind of ['requests', 'limits'] as const) {
        expect(Object.keys(resources[kind]).toSorted()).toEqual(['cpu', 'ephemeral-storage', 'memory'])
      }
      expect(image).toMatch(/:\d+\.\d+\.\d+$/)
      expect(securityContext).toMatchObject(
        metadata.name === 'builder'
          ? { readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'], add: ['SETUID', 'SETGID'] } }
          : { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      )
    }
  })

  it('keeps the exception in a namespace of its own', () => {
    const outside = workloads.filter(({ metadata }) => metadata.namespace !== 'imagedrop')
    expect(outside.map(({ metadata }) => metadata.name)).toEqual(['builder'])
  })

  it('asks every service how it is, and gives it longer to stop than it takes', () => {
    for (const { metadata, spec } of deployments) {
      const [container] = spec.template.spec.containers
      expect(container).toMatchObject({
        startupProbe: { httpGet: { path: '/live' } },
        livenessProbe: { httpGet: { path: '/live' } },
        readinessProbe: { httpGet: { path: '/ready' } },
      })
      const drain = Number(container.args[container.args.indexOf('--drain') + 1])
      expect(spec.template.spec.terminationGracePeriodSeconds).toBeGreaterThan(drain + 10)
      const budget = documents.find((one) => one.kind === 'PodDisruptionBudget' && one.metadata.name === metadata.name)
      expect(budget?.metadata.namespace).toBe(metadata.namespace)
    }
  })

  it('tells every service only settings that it has, from a ConfigMap beside it', async () => {
    for (const { metadata, spec } of workloads) {
      const [{ env = [], envFrom }] = spec.template.spec.containers
      const name = envFrom.find((one) => one.configMapRef)?.configMapRef?.name
      const map = documents.find(
        (one) =>
          one.kind === 'ConfigMap' && one.metadata.name === name && one.metadata.namespace === metadata.namespace,
      ) as Settings | undefined
      expect(map).toBeDefined()
      const set = Object.fromEntries(env.map((one) => [one.name, one.value ?? '']))
      await readAllSettings(metadata.name, { ...map?.data, ...set })
    }
  })
})
