import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import { exampleCompose } from '#events/examples.ts'
import { run } from '#subprocess/run.ts'
import { makeOnce, testCache } from '#test/brokers/make-once.ts'
import { writeFiles } from '../../../services/builder/engines/write-files.ts'
import { repositoryFiles } from '../../../services/builder/engines/mkosi/repositories.ts'
import { findSources } from '../../../services/builder/packages/find-sources.ts'
import { readHostMirror } from '../../../services/builder/packages/host-mirror.ts'
import type { PackageSources } from '../../../services/builder/packages/sources.ts'
import { readRecipe, recipesFolder } from '../../../services/builder/read-recipe.ts'
import { debianPackages } from './packages.ts'

const recipe = 'debian-12'

/** A tree that Debian's package manager has installed, and what decides what is in it. */
export interface DebianTree {
  readonly tree: string
  readonly treeKey: string
}

/** Has mkosi install Debian 12 from this host's own mirror into a folder, as root; once for the same packages at the mirror. */
export async function provideDebianTree(): Promise<DebianTree> {
  const debian = await findDebian()
  const treeKey = await keyOf(debian)
  const folder = join(testCache(), `debian-tree-${treeKey}`)
  await makeOnce(folder, async () => {
    const packageManager = join(folder, 'package-manager')
    const settings = join(folder, 'settings')
    for (const one of [settings, join(folder, 'workspace'), join(folder, 'packages')])
      await mkdir(one, { recursive: true })
    await writeFiles(repositoryFiles(debian, packageManager))
    await writeFile(
      join(settings, 'mkosi.conf'),
      '[Output]\nFormat=directory\nOutput=tree\n[Content]\nBootable=no\nWithDocs=no\nWithRecommends=no\nEnvironment=INITRD=No\n',
    )
    const release = ['--distribution=debian', '--release=bookworm', '--architecture=x86-64']
    const own = [`--directory=${settings}`, `--output-dir=${folder}`, `--workspace-dir=${join(folder, 'workspace')}`]
    const sources = [`--package-manager-tree=${packageManager}:/`, `--package-cache-dir=${join(folder, 'packages')}`]
    await run('mkosi', [...release, ...own, ...sources, `--package=${debianPackages.join(',')}`, '--force', 'build'], {
      log: join(folder, 'mkosi.log'),
    })
  })
  return { tree: join(folder, 'tree'), treeKey }
}

async function findDebian(): Promise<PackageSources> {
  const compose = {
    ...exampleCompose,
    id: 'Debian-12-20260101.0',
    short: 'Debian',
    version: '12',
    location: '/nowhere',
  }
  return await findSources(compose, await readRecipe(recipe, [recipesFolder]), 'x86_64', {
    mirror: null,
    hostMirror: readHostMirror,
    fetch,
    requireSecurity: false,
    log: pino({ level: 'silent' }),
    signal: AbortSignal.timeout(60_000),
  })
}

/** Every change at the mirror changes the index that its archive signs. */
async function keyOf(sources: PackageSources): Promise<string> {
  const hash = createHash('sha256').update(debianPackages.join(' '))
  for (const { url, suite } of sources.kind === 'apt' ? sources.suites : []) {
    const index = await fetch(`${url}/dists/${suite}/InRelease`)
    hash.update(await index.text())
  }
  return hash.digest('hex').slice(0, 12)
}
