import { expect, it } from 'vitest'
import { readRecipe, recipesFolder } from '../../read-recipe.ts'
import { NotDescribed, RecipeRefused } from '../../recipe.ts'
import { requestFor } from '../engine.contract.ts'
import type { BuildRequest } from '../engine.ts'
import { planOsbuild } from './plan.ts'

const folders = { work: '/jobs/7', cache: '/state/builder' }
const repositories = ['https://composes.example.org/43/Everything/x86_64/os']

interface Wanted {
  readonly image?: Partial<BuildRequest['image']>
  readonly sources?: BuildRequest['sources']
  readonly recipe?: string
  readonly version?: string
}

async function planned({
  image = {},
  sources = { kind: 'dnf', repositories },
  recipe = 'fedora-43',
  version = '43',
}: Wanted = {}) {
  const request = await requestFor({ ...image, recipe })
  const compose = { ...request.compose, id: 'Fedora-43-20260714.n.0', short: 'Fedora', version, date: '20260714' }
  const read = await readRecipe(recipe, [recipesFolder])
  const { files, commands } = planOsbuild({ ...request, compose, recipe: read, sources }, folders)
  const file = (name: string) =>
    JSON.parse(String(files.find(({ path }) => path === `/jobs/7/${name}`)?.content)) as Blueprint
  return { argv: commands.map((command) => command.argv.join(' ')), file, paths: files.map(({ path }) => path) }
}

interface Blueprint {
  readonly packages: readonly { readonly name: string }[]
  readonly customizations: { readonly files: readonly { readonly path: string }[]; readonly kernel: unknown }
}

it('calls image-builder once, in namespaces of its own', async () => {
  expect((await planned()).argv).toMatchInlineSnapshot(`
    [
      "unshare --mount --pid --fork --kill-child --mount-proc sh -c "$@"; exit $? confined image-builder build generic-ami --distro=fedora-43 --arch=x86_64 --blueprint=/jobs/7/blueprint.json --force-repo-dir=/jobs/7/repositories --seed=10555795381320 --cache=/jobs/7/store --rpmmd-cache=/state/builder/osbuild/rpmmd --output-dir=/jobs/7/output --output-name=image --with-manifest --with-buildlog --with-rpmlist --progress=debug",
    ]
  `)
})

it("adds the recipe's packages, files and services to image-builder's own cloud image", async () => {
  expect((await planned()).file('blueprint.json')).toMatchInlineSnapshot(`
    {
      "customizations": {
        "disk": {
          "partitions": [
            {
              "fs_type": "ext4",
              "label": "root",
              "minsize": "4096 MiB",
              "mountpoint": "/",
              "type": "plain",
            },
          ],
          "type": "gpt",
        },
        "files": [
          {
            "data": "locale: C.UTF-8
    # RSA keys take many seconds to make on a slow machine, and no client needs them any more.
    ssh_genkeytypes: [ed25519, ecdsa]
    disable_root: true
    ",
            "mode": "0644",
            "path": "/etc/cloud/cloud.cfg.d/10_cloud-image.cfg",
          },
          {
            "data": "datasource_list: [NoCloud, ConfigDrive, OpenStack, CloudStack, Ec2, None]
    ",
            "mode": "0644",
            "path": "/etc/cloud/cloud.cfg.d/99_datasources.cfg",
          },
          {
            "data": "PasswordAuthentication no
    KbdInteractiveAuthentication no
    PermitRootLogin prohibit-password
    ",
            "mode": "0644",
            "path": "/etc/ssh/sshd_config.d/10-keys-only.conf",
          },
        ],
        "kernel": {
          "append": "console=tty0 console=ttyS0,115200n8 systemd.firstboot=off",
        },
        "locale": {
          "languages": [
            "C.UTF-8",
          ],
        },
        "services": {
          "enabled": [
            "sshd.service",
            "systemd-networkd.service",
            "systemd-networkd-wait-online.service",
            "systemd-network-generator.service",
            "systemd-resolved.service",
            "systemd-pstore.service",
            "fstrim.timer",
          ],
          "masked": [
            "NetworkManager.service",
            "NetworkManager-wait-online.service",
          ],
        },
        "timezone": {
          "timezone": "UTC",
        },
      },
      "name": "fedora-43-generic.x86_64",
      "packages": [
        {
          "name": "cloud-init",
        },
        {
          "name": "cloud-utils-growpart",
        },
        {
          "name": "dnf5",
        },
        {
          "name": "dracut-config-generic",
        },
        {
          "name": "e2fsprogs",
        },
        {
          "name": "fedora-release-cloud",
        },
        {
          "name": "fedora-repos",
        },
        {
          "name": "iproute",
        },
        {
          "name": "kernel-core",
        },
        {
          "name": "openssh-server",
        },
        {
          "name": "passwd",
        },
        {
          "name": "selinux-policy-targeted",
        },
        {
          "name": "sudo",
        },
        {
          "name": "systemd",
        },
        {
          "name": "systemd-networkd",
        },
        {
          "name": "systemd-resolved",
        },
        {
          "name": "systemd-udev",
        },
        {
          "name": "util-linux",
        },
      ],
    }
  `)
})

it('gives EC2 its packages, its files and its kernel arguments', async () => {
  const blueprint = (await planned({ image: { flavour: 'ec2' } })).file('blueprint.json')
  expect(blueprint.packages).toContainEqual({ name: 'amazon-ec2-utils' })
  expect(blueprint.customizations.kernel).toEqual({
    append: 'console=tty0 console=ttyS0,115200n8 systemd.firstboot=off nvme_core.io_timeout=4294967295',
  })
  expect(blueprint.customizations.files).toContainEqual({
    path: '/etc/cloud/cloud.cfg.d/99_datasources.cfg',
    mode: '0644',
    data: 'datasource_list: [Ec2, NoCloud, None]\n',
  })
})

it('asks for no file where a blueprint may have none', async () => {
  const paths = (await planned()).file('blueprint.json').customizations.files.map(({ path }) => path)
  expect(paths.filter((path) => !path.startsWith('/etc/') || path === '/etc/fstab')).toEqual([])
})

it('has every repository checked by a key: those of a compose, and those of a mirror', async () => {
  const keys = 'https://keys.example.org/fedora'
  const compose = await planned({ sources: { kind: 'dnf', repositories, keys } })
  expect(compose.file('repositories/fedora-43.json')).toEqual({
    x86_64: [{ name: 'compose-1', baseurl: repositories[0], gpgkeys: [keys], check_gpg: true }],
  })
  const mirror = await planned({ sources: { kind: 'distribution', mirror: 'https://mirror.example.org/fedora/' } })
  expect(mirror.file('repositories/fedora-43.json')).toMatchObject({
    x86_64: [
      { baseurl: 'https://mirror.example.org/fedora/linux/releases/43/Everything/x86_64/os', check_gpg: true },
      { baseurl: 'https://mirror.example.org/fedora/linux/updates/43/Everything/x86_64', check_gpg: true },
    ],
  })
  const own = await planned({ sources: { kind: 'distribution', mirror: null } })
  expect(own.paths).toEqual(['/jobs/7/blueprint.json'])
  expect(own.argv[0]).not.toContain('repo-dir')
})

it('names the release of the compose, which its recipe may serve as a neighbour', async () => {
  const { argv, paths } = await planned({ recipe: 'fedora-rawhide', version: '44' })
  expect(argv[0]).toContain('--distro=fedora-44 ')
  expect(paths).toContain('/jobs/7/repositories/fedora-44.json')
})

it('lets the next engine try what image-builder has no name or no description for', async () => {
  await expect(planned({ recipe: 'fedora-rawhide', version: 'Rawhide' })).rejects.toMatchObject({
    failureClass: 'environment',
  })
  await expect(planned({ recipe: 'debian-12' })).rejects.toBeInstanceOf(NotDescribed)
  await expect(planned({ recipe: 'fedora-19' })).rejects.toBeInstanceOf(NotDescribed)
  await expect(planned({ image: { architecture: 'i686' } })).rejects.toBeInstanceOf(RecipeRefused)
})
