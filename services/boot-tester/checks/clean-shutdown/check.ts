import { passedIf, type ShutdownCheck } from '../check.ts'

/** Clouds press the power button, and take the power away from who does not hear it. */
export const cleanShutdown: ShutdownCheck = {
  name: 'clean-shutdown',
  description: 'the guest powers itself off when its power button is pressed, and leaves clean file systems',
  severity: 'error',
  rule: 'OpenStack image guide, "Install the ACPI service"; e2fsck(8), "Exit code"',
  since: '2026-11-26',
  on: 'shutdown',
  judge: ({ seconds, fileSystems }) =>
    passedIf(
      fileSystems.outcome !== 'failed',
      `it powered itself off within ${seconds.toFixed(0)} s; ${fileSystems.detail}`,
    ),
}
