import { passedIf, type Answer, type RebootCheck } from '../check.ts'

/** As an update of the kernel's package ends: by Debian's own script of the package, or by what Fedora's calls. */
const before = `
kernel=$(uname -r)
touch /run/before-kernel-update
if [ -e "/var/lib/dpkg/info/linux-image-$kernel.postinst" ]; then
  DEBIAN_FRONTEND=noninteractive dpkg-reconfigure "linux-image-$kernel" >/run/kernel-update.log 2>&1
else
  kernel-install add "$kernel" "/lib/modules/$kernel/vmlinuz" >/run/kernel-update.log 2>&1
fi || { status=$?; tail -n 5 /run/kernel-update.log; exit "$status"; }
echo "kernel: $kernel"
find /boot /efi -xdev -type f \\( -name 'init*' -o -name '*.efi' \\) -newer /run/before-kernel-update -exec stat -c 'made: %s %n' {} + 2>/dev/null
sync`

/** The kernel tells how much initrd it was given, in KiB, when it no longer needs it. */
const after = `echo "kernel: $(uname -r)"; dmesg | sed -n 's/.*Freeing initrd memory: \\([0-9]*\\)K.*/initrd: \\1/p'`

/** The kernel counts in pages, and what it was given begins and ends within one. */
const pages = 8

/** The next security update of the kernel leaves a machine that boots. */
export const kernelUpdate: RebootCheck = {
  name: 'kernel-update',
  description:
    'the guest makes the initrd of its kernel anew, as an update of the package does, and boots the kernel with that one',
  severity: 'error',
  rule: 'Debian kernel handbook, update hooks; kernel-install(8)',
  since: '2026-11-26',
  on: 'reboot',
  before,
  after,
  judge: (before, after) => {
    if (before.status !== 0)
      return { outcome: 'failed', detail: `the update failed: ${before.output.trim().replaceAll('\n', '; ')}` }
    const [updated, booted] = [kernelOf(before), kernelOf(after)]
    const made = /^made: (\d+) (.+)$/m.exec(before.output)
    if (made === null) return { outcome: 'failed', detail: 'the update made no initrd' }
    const [, bytes, file = ''] = made
    const given = /^initrd: (\d+)$/m.exec(after.output)?.[1]
    const kibibytes = Number(bytes) / 1024
    const isGiven = given === undefined || Math.abs(Number(given) - kibibytes) <= pages
    return passedIf(
      updated !== '' && updated === booted && isGiven,
      `${updated} was updated and made ${file} of ${kibibytes.toFixed(0)} KiB; ${booted} booted with ${given ?? 'an untold number of'} KiB`,
    )
  },
}

function kernelOf({ output }: Answer): string {
  return /^kernel: (.+)$/m.exec(output)?.[1] ?? ''
}
