import { expect, it } from 'vitest'
import { selinux } from './selinux/check.ts'

const subject = { imageBytes: 1, diskBytes: 2, reportedAs: /./ }
const init = '/proc/1/attr/current:system_u:system_r:init_t:s0'
const sshd = '/proc/612/attr/current:system_u:system_r:sshd_t:s0-s0:c0.c1023'

interface Said {
  readonly head?: string
  readonly labels?: readonly string[]
  readonly relabel?: readonly string[]
  readonly denials?: readonly string[]
}

/** What a guest says that enforces its policy, but for what is given. */
function judge({ head = 'default: 1', labels = [init, sshd], relabel = [], denials = [] }: Said, status = 0) {
  const output = [head, '-- labels:', ...labels, '-- relabel:', ...relabel, '-- denials:', ...denials].join('\n')
  return selinux.judge({ status, output }, subject)
}

const denial = (permissive: number) =>
  `audit: type=1400 audit(1795674066.${String(permissive)}:9): avc:  denied  { read } for  pid=7 comm="sshd" name="shadow" dev="vda2" ino=5 scontext=system_u:system_r:sshd_t:s0 tcontext=system_u:object_r:shadow_t:s0 tclass=file permissive=${String(permissive)}`

it('passes a guest whose kernel enforces the policy', () => {
  expect(judge({})).toEqual({
    outcome: 'passed',
    detail: expect.stringMatching(
      /^default is enforced, 2 processes, the files below \/etc .* as the policy has them$/,
    ),
  })
})

it('has nothing to say of a guest without a policy', () => {
  expect(selinux.judge({ status: 0, output: 'none\n' }, subject)).toEqual({
    outcome: 'skipped',
    detail: 'there is no policy',
  })
})

it.each<[string, Said, string]>([
  [
    'has a policy that its kernel knows nothing of',
    { head: 'default: off', labels: [] },
    'there is the policy default, and the kernel has no SELinux',
  ],
  ['only tells what it would deny', { head: 'default: 0' }, 'default is not enforced'],
  [
    'has a process without a label',
    { labels: [init, '/proc/7/attr/current:system_u:object_r:unlabeled_t:s0'] },
    'process 7 has system_u:object_r:unlabeled_t:s0',
  ],
  [
    'loaded the policy after its init had started',
    { labels: ['/proc/1/attr/current:system_u:system_r:kernel_t:s0', sshd] },
    'init was started before the policy was there, and has the label of the kernel',
  ],
  ['shows no labels', { labels: [] }, 'no process has a label'],
  [
    'has a file with another label than the policy has for it',
    { relabel: ['Would relabel /etc/shadow from system_u:object_r:etc_t:s0 to system_u:object_r:shadow_t:s0'] },
    'Would relabel /etc/shadow from system_u:object_r:etc_t:s0 to system_u:object_r:shadow_t:s0',
  ],
  [
    'was denied the same twice',
    { denials: [denial(0), denial(1)] },
    'sshd (sshd_t) was denied { read } on shadow_t file',
  ],
])('fails a guest that %s', (_, said, detail) => {
  expect(judge(said)).toEqual({ outcome: 'failed', detail })
})

it('fails a guest that cannot be asked', () => {
  expect(selinux.judge({ status: 127, output: 'sh: sed: not found' }, subject)).toEqual({
    outcome: 'failed',
    detail: 'it cannot be asked: sh: sed: not found',
  })
})
