import { expect, it } from 'vitest'
import { readRecipe, recipesFolder } from '../../read-recipe.ts'
import { requestFor } from '../engine.contract.ts'
import type { BuildRequest } from '../engine.ts'
import { planKiwi } from './plan.ts'

const folders = { work: '/jobs/7', cache: '/state/builder' }
const suites = [
  { url: 'http://mirror.example.org/debian', suite: 'bookworm', optional: false },
  { url: 'http://mirror.example.org/debian-security', suite: 'bookworm-security', optional: true },
]
const planned = async (
  image: Partial<BuildRequest['image']> = {},
  sources: BuildRequest['sources'] = { kind: 'apt', suites },
) => {
  const { files, commands } = planKiwi({ ...(await requestFor(image)), sources }, folders)
  const file = (name: string) => String(files.find(({ path }) => path === `/jobs/7/${name}`)?.content)
  const argv = commands.map((command) => command.argv.map((word) => word.replace(recipesFolder, '/recipes')).join(' '))
  return {
    argv,
    description: file('description/config.xml'),
    script: file('description/config.sh'),
    lastScript: file('description/images.sh'),
    files,
  }
}

it("archives the recipe's files and calls KIWI once, in namespaces of its own", async () => {
  expect((await planned()).argv).toMatchInlineSnapshot(`
    [
      "tar --create --file /jobs/7/description/skeleton.tar --owner=root:0 --group=root:0 --mode=u=rwX,go=rX --exclude=./etc/fstab --exclude=./etc/default/grub.d --exclude=./etc/grub.d --directory /jobs/7/skeleton . --directory /recipes/debian/base/mkosi.skeleton .",
      "tar --create --file /jobs/7/description/extra.tar --owner=root:0 --group=root:0 --mode=u=rwX,go=rX --exclude=./etc/fstab --exclude=./etc/default/grub.d --exclude=./etc/grub.d --directory /recipes/debian/base/mkosi.extra . --directory /recipes/debian/generic/mkosi.extra .",
      "unshare --mount --pid --fork --kill-child --mount-proc sh -c for folder in /etc/apt/keyrings /var/lib/dpkg; do [ ! -d $folder ] || mount -t tmpfs kiwi $folder; done; "$@"; exit $? confined env SOURCE_DATE_EPOCH=1767225600 kiwi-ng --debug --type oem --temp-dir /jobs/7/temporary --shared-cache-dir /jobs/7/kiwi-cache system build --description /jobs/7/description --target-dir /jobs/7/output",
    ]
  `)
})

it("describes Debian 12 with the packages of mkosi's recipe and those that KIWI needs", async () => {
  expect((await planned()).description).toMatchInlineSnapshot(`
    "<?xml version="1.0" encoding="utf-8"?>
    <image schemaversion="7.4" name="image">
      <description type="system">
        <author>imagedrop</author>
        <contact>imagedrop</contact>
        <specification>Debian 12 (bookworm)</specification>
      </description>
      <preferences>
        <version>1.0.0</version>
        <packagemanager>apt</packagemanager>
        <rpm-excludedocs>true</rpm-excludedocs>
        <type image="oem" filesystem="ext4" firmware="bios" initrd_system="none" bootpartition="false" rootfs_label="root" fsmountoptions="defaults,errors=remount-ro" kernelcmdline="console=tty0 console=ttyS0,115200n8">
          <oemconfig>
            <oem-resize>false</oem-resize>
          </oemconfig>
          <bootloader name="grub2" console="serial" timeout="1"/>
          <size unit="M">1600</size>
        </type>
      </preferences>
      <repository type="apt-deb" alias="suite-1" distribution="bookworm" components="main" repository_gpgcheck="true">
        <source path="http://mirror.example.org/debian">
          <signing key="file:///usr/share/keyrings/debian-archive-keyring.gpg"/>
        </source>
      </repository>
      <repository type="apt-deb" alias="suite-2" distribution="bookworm-security" components="main" repository_gpgcheck="true">
        <source path="http://mirror.example.org/debian-security">
          <signing key="file:///usr/share/keyrings/debian-archive-keyring.gpg"/>
        </source>
      </repository>
      <packages type="image">
        <package name="apparmor"/>
        <package name="apt"/>
        <package name="ca-certificates"/>
        <package name="cloud-guest-utils"/>
        <package name="cloud-init"/>
        <package name="dbus"/>
        <package name="e2fsprogs"/>
        <package name="initramfs-tools"/>
        <package name="iproute2"/>
        <package name="iputils-ping"/>
        <package name="less"/>
        <package name="libnss-myhostname"/>
        <package name="libpam-systemd"/>
        <package name="openssh-server"/>
        <package name="procps"/>
        <package name="sudo"/>
        <package name="systemd"/>
        <package name="systemd-resolved"/>
        <package name="systemd-sysv"/>
        <package name="systemd-timesyncd"/>
        <package name="tzdata"/>
        <package name="udev"/>
        <package name="wget"/>
        <package name="zstd"/>
        <package name="grub-cloud-amd64"/>
        <package name="linux-image-cloud-amd64"/>
        <package name="isc-dhcp-client"/>
        <archive name="extra.tar"/>
      </packages>
      <packages type="bootstrap">
        <package name="base-passwd"/>
        <archive name="skeleton.tar"/>
      </packages>
    </image>
    "
  `)
})

it("runs the family's script in the tree, then removes what mkosi removes", async () => {
  const { script } = await planned()
  expect(script).toMatch(/^#!\/bin\/bash\nset -euo pipefail\nRELEASE=bookworm\n/)
  expect(script).toContain('systemctl preset-all')
  expect(script).toMatch(/^rm -rf \/init \/efi .*\/etc\/ssh\/ssh_host_\*/m)
})

it("gives both of the family's scripts the release and the day of the compose, and KIWI the day too", async () => {
  const { script, lastScript, argv } = await planned()
  const epoch = /^export SOURCE_DATE_EPOCH=(\d+)$/m.exec(script)?.[1] ?? ''
  expect(new Date(Number(epoch) * 1000).toISOString()).toMatch(/T00:00:00.000Z$/)
  expect(lastScript).toMatch(
    new RegExp(`^#!/bin/bash\nset -euo pipefail\nRELEASE=bookworm\nexport SOURCE_DATE_EPOCH=${epoch}\n`),
  )
  expect(lastScript).toContain('/etc/resolv.conf\n')
  expect(argv.at(-1)).toContain(` env SOURCE_DATE_EPOCH=${epoch} kiwi-ng `)
})

it('puts what dpkg shall leave out in place before packages are installed', async () => {
  const { files } = await planned()
  const excludes = files.find(({ path }) => path === '/jobs/7/skeleton/etc/dpkg/dpkg.cfg.d/cloud-image')
  expect(String(excludes?.content)).toContain('path-exclude=/usr/share/man/*')
})

it('gives EC2 its packages, its files and its kernel arguments', async () => {
  const { description, argv } = await planned({ flavour: 'ec2' })
  expect(description).toContain('<package name="amazon-ec2-utils"/>')
  expect(description).toContain('console=ttyS0,115200n8 nvme_core.io_timeout=4294967295"')
  expect(argv[1]).toContain('/recipes/debian/ec2/mkosi.extra')
})

it('lets nothing of an address out of its attribute, and nothing of a request into the arguments', async () => {
  const url = 'http://mirror.example.org/"/><evil a="&'
  const { description, argv } = await planned(
    {},
    { kind: 'apt', suites: [{ url, suite: 'bookworm', optional: false }] },
  )
  expect(description).toContain('<source path="http://mirror.example.org/&quot;/>&lt;evil a=&quot;&amp;">')
  expect(argv.join('\n')).not.toContain('mirror.example.org')
  expect(argv.join('\n')).not.toContain('--set-type-attr')
})

it('refuses to run where it has not been tried, though whoever ends such a build gets a plan', async () => {
  const plan = planKiwi(await requestFor({ architecture: 'i686' }), folders)
  expect(plan).toMatchObject({ commands: [], refused: 'KIWI makes debian-12 for x86_64, not for i686' })
  const recipe = await readRecipe('fedora-43', [recipesFolder])
  expect(planKiwi({ ...(await requestFor()), recipe }, folders).refused).toBe(
    'the recipe fedora-43 has no part for KIWI',
  )
})
