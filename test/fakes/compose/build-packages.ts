import { cp, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { run } from '#subprocess/run.ts'
import { sortContents } from './contents.ts'
import { packages } from './packages.ts'
import { writeSpec } from './spec.ts'

interface BuildOptions {
  /** A tree that Debian's package manager has installed; null for packages that have nothing but names. */
  readonly tree: string | null
  /** Seconds since 1970 that everything is said to be of. */
  readonly epoch: number
  /** Where the packages go, each into the folder of its first letter. */
  readonly into: string
  /** For what is in the way of being made. */
  readonly work: string
}

/** Builds every package of the compose with rpmbuild. */
export async function buildPackages({ tree, epoch, into, work }: BuildOptions): Promise<void> {
  const contents = tree === null ? null : await sortContents(tree)
  const stage = join(work, 'stage')
  const lists = join(work, 'lists')
  const built = join(work, 'built')
  for (const folder of [stage, lists]) await mkdir(folder, { recursive: true })
  const written = writeSpec(contents, lists)
  for (const [name, list] of written.lists) await writeFile(join(lists, name), list)
  await writeFile(join(work, 'packages.spec'), written.spec)
  if (tree !== null) await stageTree(tree, stage, [...(contents?.entries.values() ?? [])].flat())
  for (const { files = {} } of packages) {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(stage, path)), { recursive: true })
      await writeFile(join(stage, path), text)
    }
  }
  const macros = { _topdir: work, _rpmdir: built, stage }
  const defines = Object.entries(macros).flatMap(([name, value]) => ['--define', `${name} ${value}`])
  await run('rpmbuild', ['-bb', '--quiet', ...defines, join(work, 'packages.spec')], {
    env: { SOURCE_DATE_EPOCH: String(epoch) },
    log: join(work, 'rpmbuild.log'),
  })
  for (const path of (await readdir(built, { recursive: true })).filter((one) => one.endsWith('.rpm'))) {
    const name = path.split('/').at(-1) ?? ''
    await mkdir(join(into, name.charAt(0)), { recursive: true })
    await rename(join(built, path), join(into, name.charAt(0), name))
  }
  for (const folder of [stage, lists, join(work, 'BUILDROOT')]) await rm(folder, { recursive: true, force: true })
}

async function stageTree(
  tree: string,
  stage: string,
  entries: readonly { readonly path: string; readonly from: string }[],
): Promise<void> {
  await run('cp', ['-a', '--reflink=auto', `${tree}/.`, stage])
  for (const { path, from } of entries.filter((one) => one.path !== one.from)) {
    await mkdir(dirname(join(stage, path)), { recursive: true })
    await cp(join(tree, from), join(stage, path), { preserveTimestamps: true })
  }
}
