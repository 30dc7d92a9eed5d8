import { execFile } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { dropMirrored } from '#events/drop-mirrored.ts'
import { exampleBoot, exampleRegistration } from '#events/examples.ts'
import type { DropReady } from '#events/drop-ready.ts'
import type { DropImage } from '#events/vocabulary.ts'
import { bootTestReport, type BootTestReport } from '#publishing/boot-test-report.ts'
import { providePythonEnvironment } from '#test/brokers/python-venv.ts'
import { candidate, keepImages } from '../testing/drops.ts'
import { makeSigstore } from '../testing/keys.ts'
import { blessed, failureOf, hear, ready, treeOf } from '../testing/speak.ts'
import { openScene, type Scene } from '../testing/scene.ts'
import { betaImages } from '../testing/tree.ts'
import { verifyBundle } from '../signing/sigstore.ts'
import { packageUrl } from './package-url.ts'

const call = promisify(execFile)
const stem = `${betaImages}/x86_64/Fedora-AmazonEC2-x86_64-19-Beta-1.1-sda`

/** Others' tools for bills of materials and statements. */
let others: string
beforeAll(async () => {
  others = await providePythonEnvironment('evidence', ['spdx-tools==0.8.5', 'in-toto-attestation==0.9.3'])
}, 300_000)

interface Statement {
  readonly _type: string
  readonly subject: readonly { readonly name: string; readonly digest: { readonly sha256: string } }[]
  readonly predicate: {
    readonly buildDefinition: { readonly resolvedDependencies: readonly Described[] }
    readonly runDetails: { readonly byproducts: readonly Described[] }
  }
}
interface Described {
  readonly name: string
  readonly uri?: string
  readonly digest?: { readonly sha256: string }
  readonly annotations?: Readonly<Record<string, unknown>>
}

async function readJson<Shape>(scene: Scene, path: string): Promise<Shape> {
  return JSON.parse(await readFile(scene.at(path), 'utf8')) as Shape
}

/** The drop with one image that is registered in a cloud. */
function registered(drop: DropReady): DropReady {
  const publish = (image: DropImage) =>
    image.image.flavour === 'ec2' ? { ...image, registrations: [exampleRegistration] } : image
  return { ...drop, images: drop.images.map(publish) }
}

describe('beside an image', () => {
  it('is a bill of materials that the SPDX tools find valid, with every package and a package URL each', async () => {
    await using scene = await openScene()
    await hear(scene, blessed(candidate(1, await keepImages(scene.store))))
    await call(join(others, 'pyspdxtools'), ['--infile', scene.at(`${stem}.spdx.json`), '--version', 'SPDX-2.3'])

    interface Document {
      readonly hasExtractedLicensingInfos: readonly object[]
      readonly creationInfo: { readonly created: string }
      readonly packages: readonly {
        readonly name: string
        readonly sourceInfo?: string
        readonly licenseDeclared: string
        readonly licenseComments?: string
        readonly externalRefs?: readonly { readonly referenceLocator: string }[]
      }[]
    }
    const {
      packages,
      creationInfo,
      hasExtractedLicensingInfos: texts,
    } = await readJson<Document>(scene, `${stem}.spdx.json`)
    expect(creationInfo.created).toBe('2013-05-21T10:00:00Z')
    expect(packages.slice(1).map(({ externalRefs }) => externalRefs?.[0]?.referenceLocator)).toEqual([
      'pkg:rpm/fedora/bash@4.2.45-1.fc19?arch=x86_64&distro=fedora-19',
      'pkg:rpm/fedora/libstdc%2B%2B@4.8.0-5.fc19?arch=x86_64&distro=fedora-19',
      'pkg:rpm/fedora/perl@5.16.3-264.fc19?arch=x86_64&distro=fedora-19&epoch=4',
      'pkg:rpm/fedora/only-ec2@1-1?arch=x86_64&distro=fedora-19',
    ])
    expect(packages[3]?.sourceInfo).toContain('perl-5.16.3-264.fc19.src.rpm')
    expect(packages.slice(1).map(({ licenseDeclared }) => licenseDeclared)).toEqual([
      'GPL-3.0-or-later',
      'GPL-3.0-or-later AND LicenseRef-Debian-custom-0123456789ab',
      'NOASSERTION',
      'NOASSERTION',
    ])
    // Words that are not SPDX's are repeated, and claimed to be nothing else.
    expect(packages[3]?.licenseComments).toBe('its package says: GPL+')
    expect(texts).toEqual([
      {
        licenseId: 'LicenseRef-Debian-custom-0123456789ab',
        name: 'custom',
        extractedText: `What is called "custom" in /c of the image; SHA-256 ${'0'.repeat(64)}`,
      },
    ])
  })

  it("is provenance that in-toto's own schema takes, from the compose to the digest of every file", async () => {
    await using scene = await openScene()
    const drop = registered(candidate(1, await keepImages(scene.store)))
    const { files } = treeOf(await hear(scene, blessed(drop)), dropMirrored)
    const program = `
import json, sys
from google.protobuf.json_format import Parse, ParseDict
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2 as pb
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
text = open(sys.argv[1]).read()
statement = Statement.copy_from_pb(Parse(text, statement_pb2.Statement()))
statement.validate()
provenance = ParseDict(json.loads(text)['predicate'], pb.Provenance())
print(provenance.build_definition.build_type, provenance.run_details.builder.id)
`
    await writeFile(join(scene.home, 'validate.py'), program)
    const args = [join(scene.home, 'validate.py'), scene.at(`${stem}.provenance.json`)]
    const { stdout } = await call(join(others, 'python'), args)
    expect(stdout).toBe('urn:imagedrop:build:v1 urn:imagedrop:builder\n')

    const statement = await readJson<Statement>(scene, `${stem}.provenance.json`)
    const digestOf = (name: string) => files.find(({ path }) => path.endsWith(`/${name}`))?.sha256
    const raw = statement.subject.at(-1)
    const disk = drop.images.find(({ image }) => image.flavour === 'ec2' && image.architecture === 'x86_64')?.evidence
      ?.disk
    expect(raw).toEqual({ name: 'Fedora-AmazonEC2-x86_64-19-Beta-1.1-sda.raw', digest: { sha256: disk?.sha256 } })
    expect(statement.subject).toHaveLength(4)
    for (const { name, digest } of statement.subject.slice(0, -1)) expect(digestOf(name)).toBe(digest.sha256)

    const { resolvedDependencies } = statement.predicate.buildDefinition
    expect(resolvedDependencies.map(({ uri, name }) => uri ?? name)).toEqual([
      'compose:Fedora-19-20130521.0',
      'recipe:fedora-43',
      'Fedora-AmazonEC2-x86_64-19-Beta-1.1-sda.packages.json',
    ])
    const { byproducts } = statement.predicate.runDetails
    for (const { name, digest } of byproducts.filter((one) => one.digest)) expect(digestOf(name)).toBe(digest?.sha256)
    expect(byproducts.map(({ name }) => name)).toContain('Fedora-AmazonEC2-x86_64-19-Beta-1.1-sda.description.txt')
    expect(byproducts.find(({ name }) => name.endsWith('.boot-test.json'))?.annotations).toEqual({ verdict: 'passed' })
    expect(byproducts.at(-1)).toMatchObject({ name: exampleRegistration.id, annotations: { place: 'us-east-1' } })
  })

  it('is what the boot test saw: its checks, the console and the screenshot as they were kept', async () => {
    await using scene = await openScene()
    const drop = candidate(1, await keepImages(scene.store))
    await hear(scene, blessed(drop))
    const report = await readJson<{ verdict: string; checks: unknown; files: { name: string }[] }>(
      scene,
      `${stem}.boot-test.json`,
    )
    expect(report).toMatchObject({ verdict: 'passed', accelerator: 'tcg', checks: drop.images[3]?.checks })
    expect(report.files.map(({ name }) => name.replace(/^.*-sda/, ''))).toEqual(['.console.log', '.screenshot.png'])
    expect(await readFile(scene.at(`${stem}.console.log`), 'utf8')).toBe('booting ec2.x86_64\n')
  })

  it('is what its engine was told, which the README of the drop names', async () => {
    await using scene = await openScene()
    await hear(scene, blessed(candidate(1, await keepImages(scene.store))))
    expect(await readFile(scene.at(`${stem}.description.txt`), 'utf8')).toBe('how ec2.x86_64 was made\n')
    expect(await readFile(scene.at(`${betaImages}/README`), 'utf8')).toContain('.description.txt')
  })

  it('are the reports of its boot test, and the logs of every boot, each once', async () => {
    await using scene = await openScene()
    const [first, ...rest] = await keepImages(scene.store, 10)
    if (!first?.evidence) throw new Error('four images were made')
    const { console } = first.evidence
    const log = await scene.store.keepBytes('booting by UEFI\n', 'log')
    const requests = await scene.store.keepBytes('{}\n', 'jsonl')
    const boots = [
      { ...exampleBoot, console, screenshots: [] },
      { ...exampleBoot, name: 'uefi', attempt: 2, console: log, requests, screenshots: [] },
    ]
    const reports = [
      await scene.store.keepBytes('<!doctype html>', 'html'),
      await scene.store.keepBytes('<testsuites/>', 'junit.xml'),
    ]
    const evidence = { ...first.evidence, boots, reports, notes: ['to be seen to'] }
    const { files } = treeOf(await hear(scene, blessed(candidate(1, [{ ...first, evidence }, ...rest]))), dropMirrored)
    const other = files.find(({ path }) => path.endsWith('.boot-test.html'))?.path.replace('.boot-test.html', '') ?? ''
    const beside = files.flatMap(({ path }) => (path.startsWith(other) ? path.replace(/^.*-sda/, '') : []))
    expect(beside.filter((end) => /boot-test|console|requests|screenshot/.test(end)).toSorted()).toEqual([
      '.boot-test.html',
      '.boot-test.json',
      '.boot-test.junit.xml',
      '.console.log',
      '.screenshot.png',
      '.uefi-2.console.log',
      '.uefi-2.requests.jsonl',
    ])
    const report = await readJson<BootTestReport>(scene, `${other}.boot-test.json`)
    expect(bootTestReport.parse(report)).toMatchObject({
      boots: [
        { name: 'bios', console: expect.stringMatching(/-sda\.console\.log$/) as string, requests: null },
        { name: 'uefi', console: expect.stringMatching(/-sda\.uefi-2\.console\.log$/) as string },
      ],
      notes: ['to be seen to'],
    })
  })

  it('is its provenance in an envelope too, where there is a key for Sigstore', async () => {
    await using scene = await openScene()
    const sigstore = makeSigstore()
    const drop = candidate(1, await keepImages(scene.store))
    const { files } = treeOf(
      await hear({ ...scene, mirror: { ...scene.mirror, sigstore } }, blessed(drop)),
      dropMirrored,
    )
    expect(files.filter(({ path }) => path.endsWith('.provenance.sigstore.json'))).toHaveLength(4)
    const bundle = await readFile(scene.at(`${stem}.provenance.sigstore.json`), 'utf8')
    const provenance = await readFile(scene.at(`${stem}.provenance.json`), 'utf8')
    expect(verifyBundle(bundle, sigstore.publicKey, null)).toBe(provenance)
  })
})

it('the same drop staged again has the same bytes', async () => {
  await using scene = await openScene()
  const drop = candidate(1, await keepImages(scene.store))
  const first = await hear(scene, ready(drop))
  await rm(scene.at(`.staging/${drop.drop}`), { recursive: true })
  expect(await hear(scene, ready(drop))).toEqual(first)
})

it('a drop of before there was evidence is published with what there is', async () => {
  await using scene = await openScene()
  const kept = await keepImages(scene.store)
  const drop = candidate(
    1,
    kept.map(({ evidence: _evidence, ...image }) => image),
  )
  const { files } = treeOf(await hear(scene, blessed(drop)), dropMirrored)
  const endings = files.map(({ path }) => /-sda\.(.*)$/.exec(path)?.[1]).filter((one) => one !== undefined)
  expect([...new Set(endings)].toSorted()).toEqual(['packages.json', 'qcow2', 'raw.tar.xz', 'raw.xz', 'spdx.json'])
})

it('a list of packages that cannot be read fails the drop with the image', async () => {
  await using scene = await openScene()
  const [image, ...rest] = await keepImages(scene.store, 10)
  if (!image) throw new Error('four images were made')
  const packages = await scene.store.keepBytes('{"packages":["bash"]}', 'json')
  const failure = failureOf(await hear(scene, ready(candidate(1, [{ ...image, packages }, ...rest]))))
  expect(failure).toMatchObject({ class: 'bug' })
  expect(failure.reason).toMatch(/^packages: the list of generic.i686 cannot be read: /)
})

it('the README says how to start each image where it is registered, and how to verify it', async () => {
  await using scene = await openScene()
  const publishings = new Map([
    [
      exampleRegistration.target,
      {
        target: 'ec2',
        title: 'The Cloud',
        flavours: null,
        formats: [],
        after: 'tests' as const,
        launch: 'run {id} @{place}',
      },
    ],
  ])
  const drop = registered(candidate(1, await keepImages(scene.store)))
  await hear({ ...scene, mirror: { ...scene.mirror, publishings } }, blessed(drop))
  const text = await readFile(scene.at(`${betaImages}/README`), 'utf8')
  expect(text).toContain('The Cloud, ec2.x86_64:\n  run ami-0123456789abcdef0 @us-east-1\n')
  expect(text).toContain('Nothing here is signed')
  expect(text.split('\n').filter((line) => line.length > 120)).toEqual([])
})

it('a package URL keeps the epoch as its kind of package does', () => {
  const compose = { short: 'Debian', version: '12' }
  expect(packageUrl({ name: 'libfoo++', version: '1:2.4~rc1-2+b1', architecture: 'amd64' }, compose)).toBe(
    'pkg:deb/debian/libfoo%2B%2B@1:2.4~rc1-2%2Bb1?arch=amd64&distro=debian-12',
  )
})
