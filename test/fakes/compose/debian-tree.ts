import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '#subprocess/run.ts'
import { makeOnce, testCache } from '#test/brokers/make-once.ts'
import { findDebianSources } from '#test/support/debian-sources.ts'
import { writeFiles } from '../../../services/builder/engines/write-files.ts'
import { repositoryFiles } from '../../../services/builder/engines/mkosi/repositories.ts'
import type { PackageSources } from '../../../services/builder/packages/sources.ts'
import { debianPackages } from './packages.ts'

/** A tree that Debian's package manager has installed, and what decides what is in it. */
export interface DebianTree {
  readonly tree: string
  readonly treeKey: string
}

/** Has mkosi install Debian 12 from this host's own mirror into a folder, as root; once for the same packages at the mirror. */
export async function provideDebianTree(): Promise<DebianTree> {
  const debian = await findDebianSources()
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

/** Every change at the mirror changes the index that its archive signs. */
async function keyOf(sources: PackageSources): Promise<string> {
  const hash = createHash('sha256').update(debianPackages.join(' '))
  for (const { url, suite } of sources.kind === 'apt' ? sources.suites : []) {
    const index = await fetch(`${url}/dists/${suite}/InRelease`)
    hash.update(await index.text())
  }
  return hash.digest('hex').slice(0, 12)
}
