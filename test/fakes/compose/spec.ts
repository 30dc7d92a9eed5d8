import { join } from 'node:path'
import type { Contents, Entry } from './contents.ts'
import { everythingElse, packages, release, type ComposePackage } from './packages.ts'

/** The source package that all packages of the compose are built from. */
export const source = 'compose-for-tests'

interface Specification {
  readonly spec: string
  /** List of files of each package, by the name of the list. */
  readonly lists: ReadonlyMap<string, string>
}

/**
 * One source package with every package of the compose: rpmbuild starts once. Nothing is compiled, stripped or looked
 * through for dependencies.
 */
export function writeSpec(contents: Contents | null, lists: string): Specification {
  const files = new Map(
    packages
      .map((one) => [one.name, listOf(one, contents?.entries.get(one.name) ?? [])] as const)
      // rpmbuild refuses an empty list, and takes no list at all.
      .filter(([, list]) => list.length > 0)
      .map(([name, list]) => [name, `${list.join('\n')}\n`]),
  )
  const spec = [
    '%global debug_package %{nil}',
    '%global __os_install_post %{nil}',
    '%global _build_id_links none',
    '%global _binary_payload w1.zstdio',
    '%global _unpackaged_files_terminate_build 0',
    // Times of files and of the build are those of the compose, so that the same packages have the same bytes.
    '%global use_source_date_epoch_as_buildtime 1',
    '%global _buildhost localhost',
    `Name: ${source}`,
    `Version: ${release}`,
    `Release: 1.fc${release}`,
    "Summary: A compose made for tests, of Debian's files under Fedora's names",
    'License: various',
    'AutoReqProv: no',
    '%description',
    'See test/fakes/compose/README.md.',
    ...packages.flatMap((one) => [
      '',
      ...section(one, contents?.versions.get(one.name), files.has(one.name) ? join(lists, one.name) : null),
    ]),
    '',
    '%install',
    'mkdir -p %{buildroot}',
    'cp -a %{stage}/. %{buildroot}',
    '',
  ].join('\n')
  return { spec, lists: files }
}

function section(
  { name, requires = [], provides = [] }: ComposePackage,
  version: string | undefined,
  list: string | null,
): string[] {
  return [
    `%package -n ${name}`,
    ...(version === undefined ? [] : versionTags(version)),
    `Summary: What a recipe asks for as ${name}`,
    'AutoReqProv: no',
    ...requires.flatMap((one) => [`Requires: ${one}`, `Requires(pre): ${one}`]),
    ...provides.map((one) => `Provides: ${one}`),
    `%description -n ${name}`,
    name === everythingElse ? 'What no package of Fedora has by this name.' : `Stands for ${name}.`,
    `%files -n ${name}${list === null ? '' : ` -f ${list}`}`,
  ]
}

/** Debian's `1:9.2p1-2+deb12u7` in the words of rpm. */
function versionTags(version: string): string[] {
  const [, epoch, upstream = '', revision = '1'] = /^(?:(\d+):)?(.*?)(?:-([^-]*))?$/.exec(version) ?? []
  return [
    ...(epoch === undefined ? [] : [`Epoch: ${epoch}`]),
    `Version: ${upstream.replaceAll('-', '.')}`,
    `Release: ${revision}.fc${release}`,
  ]
}

function listOf({ files = {} }: ComposePackage, entries: readonly Entry[]): string[] {
  return [...Object.keys(files).map((path) => `%attr(0644, root, root) "${path}"`), ...entries.map(lineOf)]
}

function lineOf({ path, kind, mode, owner, group }: Entry): string {
  const name = `"${path.replaceAll('%', '%%')}"`
  const attributes = `%attr(${kind === 'link' ? '-' : mode.toString(8).padStart(4, '0')}, ${owner}, ${group})`
  const isConfiguration = kind === 'file' && path.startsWith('/etc/')
  return `${kind === 'folder' ? '%dir ' : isConfiguration ? '%config(noreplace) ' : ''}${attributes} ${name}`
}
