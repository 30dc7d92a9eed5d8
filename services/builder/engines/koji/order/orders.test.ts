import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { provideKojiClient, type KojiClient } from '#test/fakes/koji/testing/client.ts'
import { recorded } from '#test/fakes/koji/recorded/read.ts'
import { decodeMessage } from '../rpc/decode.ts'
import { encodeCall } from '../rpc/encode.ts'
import { isStruct } from '../rpc/value.ts'
import { openBench, type Bench } from '../testing/bench.ts'
import { descriptions } from '../testing/descriptions.ts'
import type { KojiPlan } from './plan.ts'

const stack = new AsyncDisposableStack()
let bench: Bench
let client: KojiClient
beforeAll(async () => {
  bench = stack.use(await openBench())
  client = stack.use(await provideKojiClient())
}, 300_000)
afterAll(() => stack.disposeAsync())

const tree = 'https://kojipkgs.example.org/compose/43/Fedora-43-20261121.n.0/compose/Everything/$arch/os'
const milestone = { drop: 'milestone-Fedora-43-20261121.n.0' }
const kinds = Object.keys(descriptions) as (keyof typeof descriptions)[]
const dropOf = (kind: string) => (kind === 'osbuild' ? milestone : {})

/** What each order is, as people would write it in Python. */
const expected: Record<keyof typeof descriptions, object> = {
  image: {
    method: 'buildImageOz',
    args: ['Fedora-Cloud-Base', '43', ['x86_64', 'aarch64'], 'f43', tree],
    keywords: {
      opts: {
        scratch: true,
        format: ['raw-xz'],
        distro: 'Fedora-43',
        disk_size: '5',
        ksversion: 'F43',
        repo: [tree],
        kickstart: expect.stringMatching(/^work\/cli-image\/imagedrop\.[0-9a-f]{24}\/generic\.ks$/),
        release: '20261121.n.0.weekly',
        optional_arches: ['aarch64'],
        imagedrop: expect.stringMatching(/^weekly-Fedora-43-20261121\.n\.0 generic [0-9a-f]{16}$/),
      },
    },
  },
  appliance: {
    method: 'buildImage',
    args: [
      'Fedora-Cloud-Base-x86_64',
      '43',
      'x86_64',
      'f43',
      // Without `work/`, which this call adds itself.
      expect.stringMatching(/^cli-appliance\/imagedrop\.[0-9a-f]{24}\/generic\.ks$/),
      'appliance',
    ],
    keywords: {
      opts: {
        scratch: true,
        ksversion: 'F43',
        repo: [tree],
        release: '20261121.n.0.weekly',
        format: 'raw',
        vmem: 1024,
        vcpu: 1,
        imagedrop: expect.any(String),
      },
    },
  },
  livemedia: {
    method: 'buildImage',
    args: ['Fedora-Workstation-Live', '43', ['x86_64', 'aarch64'], 'f43', expect.any(String), 'livemedia'],
    keywords: {
      opts: {
        scratch: true,
        ksversion: 'F43',
        repo: [tree],
        release: '20261121.n.0.weekly',
        install_tree_url: tree,
        volid: 'Fedora-43',
        imagedrop: expect.any(String),
      },
    },
  },
  kiwi: {
    method: 'kiwiBuild',
    args: [
      'f43',
      ['x86_64', 'aarch64'],
      'git+https://pagure.example.org/fedora-kiwi-descriptions.git#0123abc',
      'Fedora.kiwi',
    ],
    keywords: {
      scratch: true,
      profile: 'Cloud-Base-Generic',
      version: '43',
      release: '20261121.n.0.weekly',
      optional_arches: ['aarch64'],
      repos: [tree],
      type: 'oem',
      use_buildroot_repo: true,
      type_attr: ['format=qcow2'],
    },
  },
  osbuild: {
    method: 'osbuildImage',
    args: ['Fedora-Cloud-Base', '43', 'fedora-43', 'generic-qcow2', 'f43', ['x86_64']],
    keywords: { opts: { repo: [tree], release: '20261121.n.0' } },
  },
  'image-builder': {
    method: 'imageBuilderBuild',
    args: ['f43', ['x86_64', 'aarch64'], ['generic-qcow2'], 'Fedora-Cloud-Base-Generic', '43'],
    keywords: {
      opts: { scratch: true, repos: [tree], release: '20261121.n.0.weekly', distro: 'fedora-43', seed: 42 },
    },
  },
}

describe('an order', () => {
  it("is read by Koji's own code as what it is meant to be", { timeout: 60_000 }, async () => {
    const plans: KojiPlan[] = []
    for (const kind of kinds) plans.push(await bench.plan({ description: descriptions[kind], ...dropOf(kind) }))
    const said = await client.say(plans.map(({ call }) => ({ xml: encodeCall(call.method, call.args, call.keywords) })))
    for (const [index, kind] of kinds.entries()) expect(said[index], kind).toEqual(expected[kind])
  })

  it.each(kinds)('%s: is kept by the hub as the request by which it is found again', async (kind) => {
    const plan = await bench.plan({ description: descriptions[kind], ...dropOf(kind) })
    const step = await bench.step(plan)
    const id = step?.state.task
    expect(bench.hub.world.tasks.get(id ?? 0)).toMatchObject({ method: plan.taskMethod, request: plan.request })
    const again = await bench.step(plan)
    expect(again?.state.task).toBe(id)
  })

  it.each([
    ['image', 485],
    ['livemedia', 627],
    ['appliance', 635],
    ['kiwi', 639],
    ['osbuild', 645],
    ['image-builder', 694],
  ] as const)('%s: has no option that the command line does not have, save our mark', async (kind, exchange) => {
    const recording = recorded('command-line').find(({ id }) => id === exchange)
    const message = decodeMessage(recording?.request.body ?? '')
    const params = message.kind === 'call' ? message.params : []
    const theirs = optionsOf(params.at(-1))
    const { call } = await bench.plan({ description: descriptions[kind], ...dropOf(kind) })
    expect(call.method).toBe(message.kind === 'call' ? message.method : '')
    const known = new Set([...theirs, 'imagedrop', 'release', 'optional_arches', 'scratch', ...documented[kind]])
    expect(optionsOf(call.keywords).filter((name) => !known.has(name))).toEqual([])
  })

  it('builds an architecture by itself where nothing says otherwise, as a build of another name', async () => {
    const description = descriptions.image.replace(/architectures: .*\noptional: .*\n/, '')
    const plan = await bench.plan({ description, image: { architecture: 'i686' } })
    expect(plan.call.args).toEqual(['Fedora-Cloud-Base-i686', '43', ['i386'], 'f43', tree])
  })

  it.each([
    ['43', 'f43'],
    ['Rawhide', 'rawhide'],
  ])('of %s goes to the target %s where nothing says otherwise', async (version, target) => {
    const description = descriptions.image.replace('target: f43\n', '')
    expect((await bench.plan({ description, compose: { version } })).target).toBe(target)
  })

  it('of a milestone is no scratch build, and its release is the date and respin of the compose', async () => {
    const plan = await bench.plan(milestone)
    expect(plan.call.keywords).toMatchObject({ opts: { release: '20261121.n.0' } })
    expect(optionsOf(plan.call.keywords)).not.toContain('scratch')
  })

  it('takes the kickstart from source control where the recipe says so, and then uploads nothing', async () => {
    const source = 'source: git+https://git.example.org/kickstarts#0123abc\n'
    const description = descriptions.image.replaceAll(' }', ', kickstart: cloud.ks }') + source
    const plan = await bench.plan({ ...milestone, description })
    expect(plan.upload).toBeNull()
    expect(plan.call.keywords).toMatchObject({
      opts: { ksurl: 'git+https://git.example.org/kickstarts#0123abc', kickstart: 'cloud.ks' },
    })
  })
})

/** Options of koji 1.36 that the recorded commands did not use. */
const documented: Record<keyof typeof descriptions, readonly string[]> = {
  image: ['ksversion'],
  appliance: ['repo', 'ksversion'],
  livemedia: ['ksversion'],
  kiwi: ['type', 'type_attr', 'profile', 'version', 'repos', 'use_buildroot_repo'],
  osbuild: [],
  'image-builder': ['seed', 'failable_arches'],
}

function optionsOf(keywords: unknown): string[] {
  if (typeof keywords !== 'object' || keywords === null) return []
  const { opts, ...flat } = keywords as Record<string, unknown>
  return Object.keys(isStruct(opts as never) ? (opts as object) : flat)
}
