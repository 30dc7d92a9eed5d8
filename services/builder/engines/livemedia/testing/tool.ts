import { join } from 'node:path'
import { valueOf } from '../../installer/testing/arguments.ts'
import { fillDisk } from '../../installer/testing/disk.ts'

/** livemedia-creator as its own log messages, and those of Anaconda, stand in their sources. */
export const tool = {
  command: 'livemedia-creator',
  needsRoot: true,
  run(argv: readonly string[]) {
    if (argv.includes('-V')) return { says: ['livemedia-creator 43.0-1'], mark: { says: [] } }
    const disk = join(valueOf(argv, '--resultdir'), valueOf(argv, '--image-name'))
    return {
      says: [
        '2026-01-01 00:00:00,000: livemedia-creator v43.0',
        '2026-01-01 00:00:00,000: Using disk size of 4355MiB',
        '2026-01-01 00:00:01,000: Running anaconda.',
        'Starting automated install....',
        'Downloading packages',
        'Installing bash.x86_64 (1/2)',
        'Installing kernel-core.x86_64 (2/2)',
        'Performing post-installation setup tasks',
        'Installing boot loader',
        'Running post-installation scripts',
      ],
      disk,
      fill: fillDisk,
      mark: {
        says: ['Disk Image install successful', 'SUMMARY', '-------', `Disk image is at ${disk}`],
      },
    }
  },
}
