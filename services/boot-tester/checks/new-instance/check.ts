import { passedIfNone, type NewInstanceCheck } from '../check.ts'

/** Who starts machines from the disk of another gets new machines. */
export const newInstance: NewInstanceCheck = {
  name: 'new-instance',
  description:
    'the disk of a guest that has lived, started as another instance, does a first boot: new id, new key, user data run',
  severity: 'error',
  rule: 'cloud-init, "How to determine first boot" (check of the instance id); OpenStack user guide, "Use snapshots to migrate instances"',
  since: '2026-11-26',
  on: 'new-instance',
  judge: (learnt) =>
    passedIfNone(
      learnt.filter(({ outcome }) => outcome === 'failed').map(({ name, detail }) => `${name}: ${detail}`),
      learnt.map(({ name }) => name).join(', '),
    ),
}
