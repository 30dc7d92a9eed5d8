import { passedIfNone, skipped, type GuestCheck } from '../check.ts'

/** What the answer's parts begin with. */
const part = { labels: '-- labels:', relabel: '-- relabel:', denials: '-- denials:' } as const

/** Folders in which files are compared with the policy: those that packages, the build and the first boot write to. */
const sample = '/etc /usr/bin /usr/sbin /usr/lib/systemd /var/lib/cloud /root /home'

/** No label at all, or that of what nobody has labelled. */
const unlabelled = /^(|.*:(unlabeled_t|file_t)(:.*)?)$/

/** Programs that the policy knows keep to it, from the first one on. */
export const selinux: GuestCheck = {
  name: 'selinux',
  description:
    'where there is a policy of SELinux the kernel enforces it, processes and files have the labels that it gives, and it denied nothing',
  severity: 'error',
  rule: 'CoreOS, kola, selinux/enforce and file-context-policy-match; Fedora release criteria, "SELinux and crash notifications"',
  since: '2026-11-26',
  on: 'guest',
  // The kernel's own list of processes: ps would be one more to start, and shows no label of some.
  script: `policy=$(sed -n 's/^SELINUXTYPE=//p' /etc/selinux/config 2>/dev/null)
[ -n "$policy" ] && [ -d "/etc/selinux/$policy/policy" ] || { echo none; exit; }
echo "$policy: $(cat /sys/fs/selinux/enforce 2>/dev/null || echo off)"
echo '${part.labels}'; grep -a . /proc/[0-9]*/attr/current 2>/dev/null | tr -d '\\000'
echo '${part.relabel}'; for each in ${sample}; do [ -e "$each" ] && restorecon -nvR "$each"; done 2>&1
echo '${part.denials}'; { journalctl --boot --quiet --no-pager --output=cat; cat /var/log/audit/audit.log 2>/dev/null; } | grep -a 'avc:  *denied'; true`,
  judge: ({ status, output }) => {
    if (output.trim() === 'none') return skipped('there is no policy')
    const { head, labels, relabel, denials } = partsOf(output)
    const [policy = '', enforce = ''] = head.split(': ')
    if (status !== 0 || enforce === '') return { outcome: 'failed', detail: `it cannot be asked: ${output.trim()}` }
    if (enforce === 'off')
      return { outcome: 'failed', detail: `there is the policy ${policy}, and the kernel has no SELinux` }
    return passedIfNone(
      [
        ...(enforce === '1' ? [] : [`${policy} is not enforced`]),
        ...(labels.length === 0 ? ['no process has a label'] : []),
        ...labels.filter(({ label }) => unlabelled.test(label)).map(({ pid, label }) => `process ${pid} has ${label}`),
        ...(labels.some(({ pid, label }) => pid === '1' && /:kernel_t/.test(label))
          ? ['init was started before the policy was there, and has the label of the kernel']
          : []),
        ...relabel,
        ...new Set(denials.map(describeDenial)),
      ],
      `${policy} is enforced, ${String(labels.length)} processes, the files below ${sample} as the policy has them`,
    )
  },
}

interface Parts {
  readonly head: string
  readonly labels: readonly { readonly pid: string; readonly label: string }[]
  readonly relabel: readonly string[]
  readonly denials: readonly string[]
}

function partsOf(output: string): Parts {
  const linesAfter = (mark: string) => {
    const [, rest = ''] = output.split(mark)
    return (rest.split('\n-- ')[0] ?? '').split('\n').filter((line) => line.trim() !== '')
  }
  return {
    head: output.split('\n')[0]?.trim() ?? '',
    labels: linesAfter(part.labels).map((line) => {
      const [, pid = '', label = ''] = /^\/proc\/(\d+)\/attr\/current:(.*)$/.exec(line) ?? []
      return { pid, label: label.trim() }
    }),
    relabel: linesAfter(part.relabel),
    denials: linesAfter(part.denials),
  }
}

/** Without what differs each time it happens: times, process numbers, inodes. */
function describeDenial(line: string): string {
  const of = (key: string) => new RegExp(`\\b${key}=("[^"]*"|\\S+)`).exec(line)?.[1]?.replaceAll('"', '') ?? '?'
  const asked = /denied\s+(\{[^}]*\})/.exec(line)?.[1] ?? ''
  const type = (context: string) => context.split(':')[2] ?? context
  return `${of('comm')} (${type(of('scontext'))}) was denied ${asked} on ${type(of('tcontext'))} ${of('tclass')}`
}
