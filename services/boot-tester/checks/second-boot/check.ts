import { passedIfNone, type Answer, type RebootCheck } from '../check.ts'

/** What stays as the first boot has left it, a line each. What cloud-init does once leaves a time in its semaphore. */
const whatStays = [
  'echo "the machine id: $(cat /etc/machine-id)"',
  'echo "the instance id: $(cat /var/lib/cloud/data/instance-id)"',
  'for key in /etc/ssh/ssh_host_*_key.pub; do echo "${key##*/}: $(cut -d" " -f2 "$key")"; done',
  'for once in /var/lib/cloud/instances/*/sem/*; do echo "${once##*/}: $(cat "$once")"; done',
].join('\n')

/** Where what changes begins, in what the scripts say. */
const mark = '-- now:'
const whatIsNow = `echo '${mark}'; cat /proc/sys/kernel/random/boot_id`

/** A machine that is restarted comes back as the same machine. */
export const secondBoot: RebootCheck = {
  name: 'second-boot',
  description:
    'the guest boots once more, is the same machine, does no work of a first boot again, and no unit fails in it',
  severity: 'error',
  rule: 'cloud-init, "How to determine first boot" and "Module frequency"; machine-id(5)',
  since: '2026-11-26',
  on: 'reboot',
  before: `${whatStays}\n${whatIsNow}`,
  after: `${whatStays}\n${whatIsNow}; systemctl is-system-running --wait; systemctl list-units --failed --plain --no-legend --no-pager`,
  judge: (before, after) => {
    const [then, now] = [readAnswer(before), readAnswer(after)]
    const [boot, state = 'unknown', ...failed] = now.rest
    return passedIfNone(
      [
        ...(boot === undefined || boot === then.rest[0] ? ['it is still the first boot'] : []),
        ...[...then.kept].flatMap(([what, value]) => differs(what, value, now.kept.get(what))),
        ...[...now.kept.keys()].filter((what) => !then.kept.has(what)).map((what) => `${what} is new`),
        ...(state === 'running' ? [] : [`system is ${state}`]),
        ...failed.map((line) => `${line.trim().split(/\s+/)[0] ?? ''} failed`),
      ],
      `the same machine: ${String(now.kept.size)} things are as they were, no failed units`,
    )
  },
}

function differs(what: string, before: string, after: string | undefined): string[] {
  if (after === undefined) return [`${what} is gone`]
  return before === after ? [] : [`${what} has changed from ${before} to ${after}`]
}

function readAnswer({ output }: Answer) {
  const [stays = '', now = ''] = output.split(`${mark}\n`)
  const kept = new Map(
    stays.split('\n').flatMap((line): [string, string][] => {
      const [, what, value] = /^([^:]+): (.*)$/.exec(line) ?? []
      return what === undefined || value === undefined ? [] : [[what, value]]
    }),
  )
  return { kept, rest: now.split('\n').filter((line) => line.trim() !== '') }
}
