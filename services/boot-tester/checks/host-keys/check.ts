import { below } from '../../disk/below.ts'
import { passedIfNone, type DiskCheck } from '../check.ts'

/** No two machines have one identity for ssh. */
export const hostKeys: DiskCheck = {
  name: 'host-keys',
  description: 'no ssh host key is in the image, so that every machine makes its own',
  severity: 'error',
  rule: 'AWS, Recommendations for creating shared Linux AMIs, "Remove SSH host key pairs"',
  since: '2026-11-26',
  on: 'disk',
  reads: 'files',
  judge: ({ tree }) =>
    passedIfNone(
      below(tree, '/etc/ssh', '/etc/dropbear')
        .map(({ path }) => path)
        .filter((path) => /\/(ssh_host_.*_key|dropbear_.*_host_key)(\.pub)?$/.test(path)),
      'none',
    ),
}
