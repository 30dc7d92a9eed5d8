import { passedIf, type GuestCheck } from '../check.ts'

/** No `Call Trace:`, because soft lockups have one too. */
const trouble = /\bBUG: (?!soft lockup)|\bOops\b|general protection fault|I\/O error|EXT4-fs error|segfault at/

/** The kernel has nothing to complain of. A soft lockup says that the host was busy, so it does not count. */
export const kernelErrors: GuestCheck = {
  name: 'kernel-errors',
  description: 'the kernel log shows no bug, no oops and no I/O error',
  severity: 'error',
  rule: 'LISA, verify_boot_error_fail_warnings; Fedora release criteria, "SELinux and crash notifications"',
  since: null,
  on: 'guest',
  script: 'dmesg',
  judge: ({ status, output }) => {
    if (status !== 0) return { outcome: 'failed', detail: `dmesg: ${output.trim()}` }
    const found = output.split('\n').filter((line) => trouble.test(line))
    return passedIf(found.length === 0, found.length === 0 ? 'none' : found.slice(0, 5).join('; '))
  },
}
