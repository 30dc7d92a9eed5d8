import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sha256OfFile } from '#artifacts/digest.ts'
import { run } from '#subprocess/run.ts'
import { classifyKoji, explainKoji } from '../classify.ts'
import { openBench, type Bench } from '../testing/bench.ts'
import { descriptions } from '../testing/descriptions.ts'

let bench: Bench
beforeEach(async () => {
  bench = await openBench()
})
afterEach(() => bench[Symbol.asyncDispose]())

const kiwiPackages =
  'bash|(none)|5.3|2.fc43|x86_64|None|GPL-3.0-or-later\nglibc|(none)|2.42|4.fc43|x86_64|None|LGPL\nvim|2|9.1|1.fc43|x86_64|None|Vim\n'
const spdx = JSON.stringify({
  packages: [
    { name: 'os', versionInfo: '43', externalRefs: [{ referenceType: 'purl', referenceLocator: 'pkg:generic/os@43' }] },
    {
      name: 'bash',
      externalRefs: [{ referenceType: 'purl', referenceLocator: 'pkg:rpm/fedora/bash@5.3-2.fc43?arch=x86_64&epoch=0' }],
    },
    {
      name: 'vim',
      externalRefs: [{ referenceType: 'purl', referenceLocator: 'pkg:rpm/fedora/vim@9.1-1.fc43?arch=x86_64&epoch=2' }],
    },
  ],
})

describe('every way in which Koji builds', () => {
  it.each([
    ['appliance', /-sda\.raw$/, ['bash 5.2.37-1.fc43', 'kernel-core 6.17.1-300.fc43']],
    ['livemedia', /\.iso$/, []],
    ['kiwi', /\.qcow2$/, ['bash 5.3-2.fc43', 'glibc 2.42-4.fc43', 'vim 2:9.1-1.fc43']],
    ['image-builder', /\.qcow2$/, ['bash 5.3-2.fc43', 'vim 2:9.1-1.fc43']],
  ] as const)('%s: gives the same disk, and the packages where they are told', async (kind, name, packages) => {
    const plan = await bench.plan({ description: descriptions[kind] })
    const first = await bench.step(plan)
    const names: string[] = []
    for (const child of bench.hub.builder.start(1)) {
      bench.hub.builder.make(child, {
        image: (file) => {
          names.push(file)
          return bench.imageFor(file)
        },
      })
      for (const file of (await bench.koji.queries.output(child)).map((one) => one.name)) {
        if (file.endsWith('.packages')) bench.hub.builder.write(child, file, kiwiPackages)
        if (file.endsWith('image-os.spdx.json')) bench.hub.builder.write(child, file, spdx)
      }
    }
    bench.hub.builder.complete(1)
    const step = await bench.step(plan, first)
    expect(step).toBeUndefined()
    expect(names[0]).toMatch(name)
    if (!plan.listsPackages) expect(await sha256OfFile(plan.disk)).toBe(await sha256OfFile(bench.disks.raw))
    const list = JSON.parse(await readFile(plan.packages, 'utf8')) as {
      packages: { name: string; version: string }[]
    }
    expect(list.packages.map((one) => `${one.name} ${one.version}`)).toEqual(packages)
  })

  it('osbuild: takes the image from the build that its composer imported', async () => {
    const plan = await bench.plan({ description: descriptions.osbuild, drop: 'milestone-Fedora-43-20261121.n.0' })
    const first = await bench.step(plan)
    const { builder } = bench.hub
    builder.begin(1)
    builder.write(1, 'compose-request.json', '{}')
    const build = builder.importBuild(
      1,
      'Fedora-Cloud-Base-43-20261121.n.0.x86_64.qcow2',
      { path: bench.disks.qcow2 },
      [{ name: 'bash', version: '5.3', release: '2.fc43', arch: 'x86_64', epoch: 1 }],
    )
    builder.close(1, { composer: { server: 'http://composer', id: 'x' }, koji: { build } })
    const step = await bench.step(plan, first)
    expect(step).toBeUndefined()
    expect(await sha256OfFile(plan.disk)).toBe(await sha256OfFile(bench.disks.raw))
    expect(JSON.parse(await readFile(plan.packages, 'utf8'))).toMatchObject({
      packages: [{ name: 'bash', version: '1:5.3-2.fc43' }],
    })
  })
})

describe('a hub that lies', () => {
  const built = async (image: (name: string) => Parameters<Bench['hub']['builder']['write']>[2] = bench.imageFor) => {
    const plan = await bench.plan()
    const first = await bench.step(plan)
    bench.hub.builder.build(1, { image })
    return { plan, first }
  }
  const failureOf = async (work: Promise<unknown>) => {
    const error: unknown = await work.then(
      () => null,
      (caught: unknown) => caught,
    )
    return `${classifyKoji(error)}: ${explainKoji(error)}`
  }
  const reply = (value: string) => `<methodResponse><params><param>${value}</param></params></methodResponse>`
  const member = (name: string, value: string) => `<member><name>${name}</name><value>${value}</value></member>`
  const lie = (method: string, value: string, times = 9) => {
    bench.hub.disturbances.plan({ what: 'body', body: reply(value) }, method, times)
  }

  it.each([
    [
      'a number where a task should be',
      'getTaskInfo',
      '<value><int>1</int></value>',
      /getTaskInfo\(1\) is not what it should be/,
    ],
    [
      'another task than was asked for',
      'getTaskInfo',
      `<value><struct>${task(99)}</struct></value>`,
      /task 99 in answer to a question about task 1/,
    ],
    ['a state that there is not', 'getTaskInfo', `<value><struct>${task(1, 9)}</struct></value>`, /state/],
    [
      'children of somebody else',
      'getTaskChildren',
      `<value><array><data><value><struct>${task(7, 2, 5)}</struct></value></data></array></value>`,
      /task 7 is told to be a child of 1/,
    ],
    [
      'a task that is its own child',
      'getTaskChildren',
      `<value><array><data><value><struct>${task(1, 2, 1)}</struct></value></data></array></value>`,
      /task 1 is told to be a child of 1/,
    ],
    [
      'children without end',
      'getTaskChildren',
      `<value><array><data>${`<value><struct>${task(7, 2, 1)}</struct></value>`.repeat(500)}</data></array></value>`,
      /getTaskChildren\(1\) is not what it should be/,
    ],
    [
      'a result without files',
      'getTaskResult',
      '<value>Scratch image build results in: nowhere</value>',
      /does not say what it made/,
    ],
    [
      'a file above its folder',
      'listTaskOutput',
      `<value><struct>${file('../../../etc/cron.d/x', '5')}</struct></value>`,
      /the hub names a file "\.\.\/\.\.\/\.\.\/etc\/cron\.d\/x"/,
    ],
    [
      'a file with a size that is none',
      'listTaskOutput',
      `<value><struct>${file('a.raw', 'many')}</struct></value>`,
      /listTaskOutput\(2\) is not what it should be/,
    ],
    ['a page instead of a reply', 'getTaskInfo', '</html>', /not well-formed|with 0 values/],
  ])('%s', async (_, method, value, why) => {
    const { plan, first } = await built()
    lie(method, value)
    const told = await failureOf(bench.step(plan, first))
    expect(told).toMatch(why)
    expect(told).toMatch(/^environment: /)
  })

  function task(id: number, state = 2, parent: number | null = null): string {
    return [
      member('id', `<int>${String(id)}</int>`),
      member('state', `<int>${String(state)}</int>`),
      member('method', 'createImage'),
      member('arch', 'x86_64'),
      member('parent', parent === null ? '<nil/>' : `<int>${String(parent)}</int>`),
      member('owner', '<int>2</int>'),
      ...['create_ts', 'start_ts', 'completion_ts'].map((name) => member(name, '<double>1.0</double>')),
    ].join('')
  }

  function file(name: string, size: string): string {
    return member(name, `<struct>${member('st_size', size)}${member('st_mtime', '<double>1.0</double>')}</struct>`)
  }

  it('about the size of a file, larger or smaller than it is', async () => {
    const { plan, first } = await built()
    const { files } = z(await bench.koji.queries.result(2))
    const image = files.find((name) => name.endsWith('.xz')) ?? ''
    for (const [size, why] of [
      ['1000', /is served with \d+ bytes, and the hub told of 1000/],
      ['99999999', /is served with \d+ bytes, and the hub told of 99999999/],
    ] as const) {
      lie('listTaskOutput', `<value><struct>${file(image, size)}</struct></value>`, 1)
      expect(await failureOf(bench.step(plan, first))).toMatch(why)
    }
  })

  it('about a file that is not at its address, or at another one', async () => {
    const { plan, first } = await built()
    bench.hub.disturbances.plan({ what: 'redirect', to: 'https://elsewhere.example.org/image' }, /raw\.xz$/)
    expect(await failureOf(bench.step(plan, first))).toMatch(/^environment: .* wants us to go to https:\/\/elsewhere/)
    bench.hub.disturbances.plan({ what: 'status', status: 404 }, /raw\.xz$/)
    expect(await failureOf(bench.step(plan, first))).toMatch(/^environment: .* is not at the hub any more: HTTP 404/)
  })

  it('about what is in a file: no xz, no disk, one without a boot sector', async () => {
    for (const [content, why] of [
      [Buffer.from('not xz at all'), /^environment: xz .*/],
      [await xz(Buffer.alloc(1024 * 1024)), /^environment: .* has no boot sector/],
    ] as const) {
      const other = await openBench()
      const plan = await other.plan()
      const first = await other.step(plan)
      other.hub.builder.build(1, { image: () => content })
      expect(await failureOf(other.step(plan, first))).toMatch(why)
      await other[Symbol.asyncDispose]()
    }
  })

  it('with an image that unpacks to more than any disk is', async () => {
    const small = await openBench({ largestDisk: 4 * 1024 * 1024 })
    const plan = await small.plan()
    const first = await small.step(plan)
    small.hub.builder.build(1, { image: small.imageFor })
    expect(await failureOf(small.step(plan, first))).toMatch(/^refused: the disk would have 5242880 bytes, and 4194304/)
    await small[Symbol.asyncDispose]()
  })

  it('with an image that would be given a file of this host', async () => {
    const secret = join(bench.folder, 'secret')
    await writeFile(secret, Buffer.alloc(1024 * 1024, 'secret'))
    const thief = join(bench.folder, 'thief.qcow2')
    await run('qemu-img', ['create', '-f', 'qcow2', '-b', secret, '-F', 'raw', thief])
    const description = descriptions.image.replace('distro:', 'format: qcow2\ndistro:')
    const plan = await bench.plan({ description })
    const first = await bench.step(plan)
    bench.hub.builder.build(1, { image: () => ({ path: thief }) })
    expect(await failureOf(bench.step(plan, first))).toMatch(
      /^refused: the image wants the content of another file, .*secret/,
    )
  })

  it('with several images where one is wanted', async () => {
    const { plan, first } = await built()
    const { files } = z(await bench.koji.queries.result(2))
    bench.hub.builder.write(2, 'second.raw.xz', 'x')
    const names = [...files, 'second.raw.xz'].map((name) => `<value>${name}</value>`).join('')
    lie('getTaskResult', `<value><struct>${member('files', `<array><data>${names}</data></array>`)}</struct></value>`)
    expect(await failureOf(bench.step(plan, first))).toMatch(/child 2 has several images: .*second\.raw\.xz/)
  })

  it('about the end of a task, which is read again before it is believed', async () => {
    const plan = await bench.plan()
    const first = await bench.step(plan)
    // A message says that it has closed; the hub does not.
    const second = await bench.step(plan, first)
    expect(second?.for).toBe('koji:1')
  })
})

function z(result: unknown): { files: string[] } {
  return (result as { value: { files: string[] } }).value
}

async function xz(bytes: Buffer): Promise<Buffer> {
  const path = join(bench.folder, createHash('sha256').update(bytes).digest('hex').slice(0, 8))
  await writeFile(path, bytes)
  await run('xz', [path])
  return await readFile(`${path}.xz`)
}
