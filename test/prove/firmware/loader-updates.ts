import { passedIf, type GuestCheck } from '../../../services/boot-tester/checks/check.ts'

/** Has dpkg do what it does after an update of GRUB and of the shim, where parts of both are missing. */
export const loaderUpdates: GuestCheck = {
  name: 'loader-updates',
  description:
    'an update of the boot loader reaches the BIOS boot partition and the ESP, and one of the kernel the menu',
  severity: 'error',
  rule: 'README of grub-cloud: updates of the packages reach the boot loader',
  since: null,
  on: 'guest',
  script: [
    // A machine as busy as a test host may have given up waiting for it.
    'mountpoint -q /boot/efi || mount /boot/efi',
    'rm /boot/grub/i386-pc/core.img /boot/efi/EFI/BOOT/BOOTX64.EFI /boot/efi/EFI/debian/grubx64.efi',
    'dpkg-trigger --by-package=grub-pc-bin /usr/lib/grub/i386-pc',
    'dpkg --configure --pending >/tmp/dpkg.log 2>&1 || cat /tmp/dpkg.log',
    '[ -s /boot/grub/i386-pc/core.img ] && echo core.img',
    'cmp /usr/lib/shim/shimx64.efi.signed /boot/efi/EFI/BOOT/BOOTX64.EFI && echo shim',
    'cmp /usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed /boot/efi/EFI/debian/grubx64.efi && echo grub',
    'update-grub 2>/tmp/update-grub.log || cat /tmp/update-grub.log',
    "grep -c 'root=UUID=.* console=ttyS0' /boot/grub/grub.cfg",
  ].join('\n'),
  judge: ({ output }) => passedIf(output === 'core.img\nshim\ngrub\n3', output),
}
