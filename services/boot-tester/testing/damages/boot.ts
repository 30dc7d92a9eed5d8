import { kernelLine as kernel, espAt, rootAt } from '../small-cloud-image.ts'
import type { DiskDamage } from './damage.ts'

const mebi = 1024 ** 2
const menu = (line: string) => `menuentry "Small" {\n  linux /vmlinuz ${line}\n  initrd /initrd.img\n}\n`

/** Of what boots, and from where. */
export const bootDamages: readonly DiskDamage[] = [
  {
    check: 'partition-table',
    what: 'the copy of the GPT is overwritten',
    says: /corrupt/i,
    bytes: { [24 * mebi - 512]: Buffer.alloc(512) },
  },
  {
    check: 'partition-table',
    what: 'both GPTs are overwritten',
    says: /GPT|damaged/,
    bytes: { 512: Buffer.alloc(512), [24 * mebi - 512]: Buffer.alloc(512) },
  },
  { check: 'boot-loader', what: 'the boot code is overwritten', says: /no boot code/, bytes: { 0: Buffer.alloc(440) } },
  {
    check: 'boot-loader',
    what: "GRUB's core image is overwritten",
    says: /core image/,
    bytes: { [1 * mebi]: Buffer.alloc(512) },
  },
  { check: 'boot-loader', what: 'the ESP has no loader', says: /BOOTX64/, esp: [['mdel', '::/EFI/BOOT/BOOTX64.EFI']] },
  { check: 'boot-loader', what: 'the ESP has no file system', says: /no FAT/, bytes: { [espAt]: Buffer.alloc(4096) } },
  { check: 'file-systems', what: 'errors were met', says: /errors were met/, requests: ['set_super_value state 3'] },
  { check: 'file-systems', what: 'it was not unmounted', says: /not unmounted/, requests: ['set_super_value state 0'] },
  {
    check: 'file-systems',
    what: 'its journal was not emptied',
    says: /its journal holds what it lacks/,
    requests: ['feature needs_recovery'],
  },
  {
    check: 'file-systems',
    what: 'a file has a wrong number of links',
    says: /ref count/i,
    requests: ['set_inode_field /usr/bin/tool links_count 7'],
  },
  {
    check: 'file-systems',
    what: 'where a file lies is overwritten',
    says: /Inode \d+/,
    requests: ['set_inode_field /var/lib/dpkg/status block[0] 0'],
  },
  {
    check: 'file-systems',
    what: 'the root is overwritten',
    says: /no file system for a root/,
    bytes: { [rootAt]: Buffer.alloc(4096, 0x5a) },
  },
  { check: 'boot-entry', what: 'there is no kernel', says: /names \/vmlinuz/, requests: ['rm /boot/vmlinuz-1'] },
  { check: 'boot-entry', what: 'the initrd is empty', says: /names \/initrd/, files: { '/boot/initrd.img-1': '' } },
  {
    check: 'boot-entry',
    what: 'GRUB looks for the root of another image',
    says: /gives root=UUID=1/,
    files: { '/boot/grub/grub.cfg': menu(kernel.replace('UUID=0', 'UUID=1')) },
  },
  {
    check: 'boot-entry',
    what: 'there is no entry',
    says: /no entry/,
    files: { '/boot/grub/grub.cfg': 'echo nothing\n' },
  },
  {
    check: 'fstab',
    what: 'the root is that of another image',
    says: /no file system of this disk/,
    files: { '/etc/fstab': 'UUID=1b6e3f0a-52f1-4c1b-9d0e-6f1d2c3b4a59 / ext4 defaults 0 1\n' },
  },
  {
    check: 'fstab',
    what: 'a device of the build is named',
    says: /loop0/,
    files: { '/etc/fstab': '/dev/loop0p2 / ext4 defaults 0 1\n' },
  },
  {
    check: 'fstab',
    what: 'a folder is not there',
    says: /\/data is no folder/,
    files: { '/etc/fstab': 'PARTLABEL=root / ext4 defaults 0 1\ntmpfs /data tmpfs defaults 0 0\n' },
  },
  {
    check: 'kernel-arguments',
    what: 'the serial console is silent',
    says: /console=ttyS0,115200n8 is not given/,
    files: { '/boot/grub/grub.cfg': menu(kernel.replace(' console=ttyS0,115200n8', '')) },
  },
  {
    check: 'kernel-arguments',
    what: 'the serial console is not the last',
    says: /the order is/,
    files: { '/boot/grub/grub.cfg': menu(`${kernel} console=tty0`) },
  },
  {
    check: 'kernel-arguments',
    what: 'mitigations are off',
    says: /mitigations=off is given/,
    files: { '/boot/grub/grub.cfg': menu(`${kernel} mitigations=off`) },
  },
  {
    check: 'root-file-system',
    what: 'a partition is for swapping',
    says: /for swapping/,
    partitionTypes: { 3: '0657FD6D-A4AB-43C4-84E5-0933C84B4F4F' },
  },
]
