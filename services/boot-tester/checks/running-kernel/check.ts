import { passedIf, type GuestCheck } from '../check.ts'

/** The image boots what it will boot after the next update. */
export const runningKernel: GuestCheck = {
  name: 'running-kernel',
  description: 'the newest kernel that is installed runs, and nothing foreign is loaded into it',
  severity: 'error',
  rule: 'kernel, admin-guide/tainted-kernels; Fedora QA, Testcase base startup',
  since: '2026-11-26',
  on: 'guest',
  script: 'uname -r; cat /proc/sys/kernel/tainted; ls -v /lib/modules',
  judge: ({ output }) => {
    const [running = '', taints = '', ...installed] = output.trim().split('\n')
    const newest = installed.at(-1) ?? 'none'
    return passedIf(
      running === newest && (Number(taints) & ~warned) === 0,
      `${running} runs, the newest is ${newest}, tainted: ${taints}`,
    )
  },
}

/** The kernel has warned (bit 9), or a soft lockup was seen (bit 14): a busy host does that. */
const warned = (1 << 9) | (1 << 14)
