import { passedIf, type GuestCheck } from '../check.ts'

/** Clouds get back what the machine no longer needs. */
export const trim: GuestCheck = {
  name: 'trim',
  description: 'the root can tell its disk which blocks are free',
  severity: 'error',
  rule: 'fstrim(8); OpenStack image guide, "Image requirements" (discard)',
  since: '2026-11-26',
  on: 'guest',
  script: 'fstrim --verbose /',
  judge: ({ status, output }) => passedIf(status === 0, output.trim()),
}
