import { contentBelow } from '../../disk/below.ts'
import { passedIfNone, type DiskCheck } from '../check.ts'

/** The first line of a machine's log is its own. */
export const logs: DiskCheck = {
  name: 'logs',
  description: 'no log tells of the build: files below /var/log are empty',
  severity: 'error',
  rule: 'libguestfs, virt-sysprep(1), operation "logfiles"; LISA, verify_boot_error_fail_warnings',
  since: '2026-11-26',
  on: 'disk',
  reads: 'files',
  judge: ({ tree }) => passedIfNone(contentBelow(tree, '/var/log', '/var/account'), 'empty'),
}
