import { passedIfNone, skipped, type DiskCheck } from '../check.ts'
import { linesOf } from '../../disk/below.ts'

const folders = /^\/(etc|usr|var|boot|root|home|opt|srv)(\/|$)/

/** Where the policy is enforced, everything has its label from the beginning. */
export const selinuxLabels: DiskCheck = {
  name: 'selinux-labels',
  description:
    'where there is a policy of SELinux it is enforced, every file has a label, and nothing is labelled anew at boot',
  severity: 'error',
  rule: 'CoreOS, kola, selinux/file-context-policy-match; Fedora release criteria, "SELinux and crash notifications"',
  since: '2026-11-26',
  on: 'disk',
  reads: 'files',
  judge: async ({ tree }) => {
    const config = await linesOf(tree, '/etc/selinux/config')
    const of = (key: string) =>
      config
        .find((line) => line.startsWith(`${key}=`))
        ?.slice(key.length + 1)
        .trim()
    const policy = of('SELINUXTYPE')
    if (policy === undefined || tree.find(`/etc/selinux/${policy}/policy`) === null)
      return skipped('there is no policy')
    const files = [...tree.entries.values()].filter(({ path }) => folders.test(path))
    const unlabelled = files.filter(({ attributes }) => {
      const label = attributes.get('security.selinux')?.toString('utf8').replace(/\0$/, '') ?? ''
      return label === '' || /:(unlabeled_t|file_t):/.test(label)
    })
    return passedIfNone(
      [
        ...(of('SELINUX') === 'enforcing' ? [] : [`SELINUX is ${of('SELINUX') ?? 'not set'}`]),
        ...(tree.find('/.autorelabel') === null ? [] : ['/.autorelabel has everything labelled at the first boot']),
        ...unlabelled.map(({ path }) => `${path} has no label`),
      ],
      `${policy}, enforcing, ${String(files.length)} files`,
    )
  },
}
