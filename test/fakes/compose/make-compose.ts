import { cp, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { keyOfCode, makeOnce, testCache } from '#test/brokers/make-once.ts'
import { run } from '#subprocess/run.ts'
import { buildPackages } from './build-packages.ts'
import { makeDisc, osTree, writeMetadata, type ComposeName } from './metadata.ts'
import { release } from './packages.ts'
import { createSigningKey, type SigningKey } from './signing-key.ts'

/** A compose in a folder, laid out as Pungi lays it out: STATUS and COMPOSE_ID beside the folder `compose`. */
export interface TestCompose extends ComposeName {
  readonly folder: string
}

const date = '20260714'
const name: ComposeName = { id: `Fedora-${release}-${date}.n.0`, date, respin: 0 }
const epoch = Date.UTC(2026, 6, 14) / 1000
/** Where the public half of the key lies in the folder: the server of composes has it too. */
export const keyFile = 'RPM-GPG-KEY-compose-for-tests'

interface ComposeOptions {
  /** A tree that the packages have their files of; null for packages that have nothing but names. */
  readonly tree: string | null
  /** What decides what is in the tree. */
  readonly treeKey: string
}

/** Makes the compose, once on this machine for the same tree and the same code. */
export async function provideCompose({ tree, treeKey }: ComposeOptions): Promise<TestCompose> {
  const folder = join(testCache(), `fedora-compose-${await contentKey(treeKey)}`)
  await makeOnce(folder, async () => {
    await using key = await createSigningKey()
    await make(folder, tree, key)
  })
  return { ...name, folder }
}

/** A copy of a compose in which one package is signed by somebody whose key nobody was given. */
export async function withForeignSignature(compose: TestCompose, into: string, victim: string): Promise<TestCompose> {
  await cp(compose.folder, into, { recursive: true })
  const os = join(into, 'compose', osTree)
  const apart = await mkdtemp(join(tmpdir(), 'foreign-'))
  const packages = join(os, 'Packages', victim.charAt(0))
  const file = (await readdir(packages)).find((one) => one.startsWith(`${victim}-${release}`)) ?? ''
  await rename(join(packages, file), join(apart, file))
  await using stranger = await createSigningKey()
  await stranger.sign(apart)
  await cp(join(apart, file), join(packages, file))
  await rm(apart, { recursive: true })
  await createRepository(os)
  return { ...compose, folder: into }
}

async function make(folder: string, tree: string | null, key: SigningKey): Promise<void> {
  const compose = join(folder, 'compose')
  const os = join(compose, osTree)
  const work = join(folder, 'work')
  for (const one of [join(os, 'Packages'), join(dirname(os), 'iso'), join(compose, 'metadata'), work]) {
    await mkdir(one, { recursive: true })
  }
  await buildPackages({ tree, epoch, into: join(os, 'Packages'), work })
  await key.sign(os)
  await createRepository(os)
  await makeDisc(compose, name.id, join(work, 'packages.spec'))
  for (const [file, content] of await writeMetadata(compose, name, key.id)) {
    await writeFile(join(compose, 'metadata', file), JSON.stringify(content, null, 2))
  }
  await writeFile(join(folder, keyFile), key.armored)
  await writeFile(join(folder, 'COMPOSE_ID'), name.id)
  await rm(work, { recursive: true })
  // As Pungi does: whoever sees this sees the rest.
  await writeFile(join(folder, 'STATUS'), 'FINISHED\n')
}

async function createRepository(os: string): Promise<void> {
  await run('createrepo_c', ['--quiet', '--set-timestamp-to-revision', '--revision', String(epoch), os])
}

/** Changes with whatever decides what is in the compose: the tree, and the code of this folder. */
async function contentKey(treeKey: string): Promise<string> {
  const files = (await readdir(import.meta.dirname)).filter((one) => /(?<!\.test)\.ts$/.test(one)).toSorted()
  return await keyOfCode(
    files.map((file) => join(import.meta.dirname, file)),
    treeKey,
  )
}
