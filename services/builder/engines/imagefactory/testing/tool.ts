import { readFileSync } from 'node:fs'
import { fillDisk } from '../../installer/testing/disk.ts'

/** Our shim, played in place of Python: what it says, and ImageFactory's and Oz's words in between. */
export const tool = {
  command: 'python3',
  needsRoot: true,
  run(argv: readonly string[]) {
    if (argv.includes('--version')) return { says: ['imagefactory 1.1.16'], mark: { says: [] } }
    const order = JSON.parse(readFileSync(argv.at(-1) ?? '', 'utf8')) as { disk: string; machine: string }
    return {
      says: [
        '{"status": "BUILDING", "percent": 0, "activity": "Cleaning up any old Oz guest"}',
        'INFO:oz.Guest.FedoraGuest:Fetching the original media',
        'INFO:oz.Guest.FedoraGuest:Generating 10GB diskimage for imagedrop',
        'DEBUG:oz.ozutil:Waiting for imagedrop to finish installing, 3540/3540',
        'INFO:oz.Guest.FedoraGuest:Install of imagedrop succeeded',
      ],
      disk: order.disk,
      fill: fillDisk,
      makes: [{ path: order.machine, content: '<domain/>\n' }],
      mark: { says: [`{"status": "COMPLETE", "disk": "${order.disk}"}`] },
    }
  },
}
