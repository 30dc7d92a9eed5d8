import { expect, it } from 'vitest'
import { requestFor } from '../engine.contract.ts'
import type { BuildRequest } from '../engine.ts'
import { planMkosi } from './plan.ts'

const folders = { work: '/jobs/7', cache: '/state/builder' }
const fixed = async (changes?: Partial<BuildRequest['image']>): Promise<BuildRequest> => {
  const request = await requestFor(changes)
  const files = new Set(['mkosi.conf'])
  const part = (name: string) => ({ folder: `/recipes/debian-12/${name}`, family: `/recipes/debian/${name}`, files })
  const flavours = new Map([
    ['generic', part('generic')],
    ['ec2', part('ec2')],
  ])
  return { ...request, recipe: { ...request.recipe, base: part('base'), flavours, digest: 'd1' } }
}
const suites = [{ url: 'http://mirror.example.org/debian', suite: 'bookworm', optional: false }]

it('is one run for the shared base tree and one for the disk', async () => {
  const plan = planMkosi({ ...(await fixed()), sources: { kind: 'apt', suites } }, folders)
  expect(plan).toMatchInlineSnapshot(`
    {
      "commands": [
        {
          "argv": [
            "mkosi",
            "--directory=/recipes/debian-12/base",
            "--distribution=debian",
            "--release=bookworm",
            "--include=/recipes/debian/base",
            "--architecture=x86-64",
            "--package-manager-tree=/jobs/7/package-manager:/",
            "--package-cache-dir=/state/builder/packages/debian-12-x86_64",
            "--workspace-dir=/jobs/7/workspace",
            "--source-date-epoch=1767225600",
            "--environment=E2FSPROGS_FAKE_TIME=1767225600",
            "--output-dir=/jobs/7/base",
            "--force",
            "build",
          ],
          "name": "base",
          "shared": {
            "made": "/jobs/7/base/base.tar",
            "place": "/state/builder/bases/debian-12-x86_64-0731976b590979f6.tar",
          },
        },
        {
          "argv": [
            "mkosi",
            "--directory=/recipes/debian-12/generic",
            "--distribution=debian",
            "--release=bookworm",
            "--include=/recipes/debian/generic",
            "--architecture=x86-64",
            "--package-manager-tree=/jobs/7/package-manager:/",
            "--package-cache-dir=/state/builder/packages/debian-12-x86_64",
            "--workspace-dir=/jobs/7/workspace",
            "--source-date-epoch=1767225600",
            "--environment=E2FSPROGS_FAKE_TIME=1767225600",
            "--base-tree=/state/builder/bases/debian-12-x86_64-0731976b590979f6.tar",
            "--seed=0637b6cc-1454-4096-a6ad-831d328d91c7",
            "--environment=SYSTEMD_REPART_MKFS_OPTIONS_EXT4="-E nodiscard,lazy_itable_init=1,hash_seed=0637b6cc-1454-4096-a6ad-831d328d91c7 -U a2b12a97-2f19-4704-81d3-166f8852f325"",
            "--environment=ROOT_UUID=a2b12a97-2f19-4704-81d3-166f8852f325",
            "--kernel-command-line=root=UUID=a2b12a97-2f19-4704-81d3-166f8852f325",
            "--output-dir=/jobs/7/output",
            "--force",
            "build",
          ],
          "name": "image",
        },
      ],
      "disk": "/jobs/7/output/image.raw",
      "files": [
        {
          "content": "Types: deb
    URIs: http://mirror.example.org/debian
    Suites: bookworm
    Components: main
    Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
    ",
          "path": "/jobs/7/package-manager/etc/apt/sources.list.d/mkosi.sources",
        },
      ],
      "packages": "/jobs/7/output/packages.json",
    }
  `)
})

it('gives i686 the name that mkosi has for it', async () => {
  const { commands } = planMkosi(await fixed({ architecture: 'i686' }), folders)
  for (const { argv } of commands) expect(argv).toContain('--architecture=x86')
})

it('shares the base tree between flavours', async () => {
  const placeOf = (request: BuildRequest) => planMkosi(request, folders).commands[0]?.shared?.place
  expect(placeOf(await fixed({ flavour: 'ec2' }))).toBe(placeOf(await fixed()))
})

it('gives every image of every compose a seed and a root of its own, the same each time', async () => {
  const request = await fixed()
  const others: BuildRequest[] = [
    request,
    await fixed({ flavour: 'ec2' }),
    await fixed({ architecture: 'i686' }),
    { ...request, compose: { ...request.compose, id: 'Debian-12-20260108.0' } },
    { ...request, recipe: { ...request.recipe, name: 'debian-13' } },
  ]
  const said = (of: RegExp) =>
    others.flatMap((one) =>
      planMkosi(one, folders).commands.flatMap(({ argv }) => argv.flatMap((word) => of.exec(word)?.[1] ?? [])),
    )
  const roots = said(/^--environment=ROOT_UUID=(.*)$/)
  expect(new Set([...roots, ...said(/^--seed=(.*)$/)]).size).toBe(2 * others.length)
  expect(said(/^--environment=ROOT_UUID=(.*)$/)).toEqual(roots)
  expect(said(/^--kernel-command-line=root=UUID=(.*)$/)).toEqual(roots)
  expect(said(/MKFS_OPTIONS_EXT4=.* -U (.*)"$/)).toEqual(roots)
})

it('does not share the base tree with another compose, recipe, architecture, mirror, or state of one', async () => {
  const request = await fixed()
  const others: BuildRequest[] = [
    { ...request, compose: { ...request.compose, id: 'Debian-12-20260108.0' } },
    { ...request, recipe: { ...request.recipe, digest: 'd2' } },
    { ...request, image: { ...request.image, architecture: 'i686' } },
    { ...request, sources: { kind: 'apt', suites } },
    {
      ...request,
      sources: { kind: 'apt', suites: suites.map((one) => ({ ...one, index: { path: 'main', sha256: 'i1' } })) },
    },
  ]
  const places = [request, ...others].map((one) => planMkosi(one, folders).commands[0]?.shared?.place)
  expect(new Set(places).size).toBe(6)
})

it('takes a compose of Fedora as the only repository', async () => {
  const sources = { kind: 'dnf' as const, repositories: ['https://kojipkgs.fedoraproject.org/c/Everything/x86_64/os'] }
  const { files } = planMkosi({ ...(await fixed()), sources }, folders)
  expect(files.map((file) => file.path)).toEqual(['/jobs/7/package-manager/etc/yum.repos.d/mkosi.repo'])
  expect(files[0]?.content).toContain('gpgcheck=1')
})
