import { dirname, join } from 'node:path'
import { valueOf } from '../../installer/testing/arguments.ts'
import { fillDisk } from '../../installer/testing/disk.ts'

/** oz-install as it was heard: the words of Oz 0.17 with -d 4. */
export const tool = {
  command: 'oz-install',
  run(argv: readonly string[]) {
    if (argv.includes('-h')) return { says: ['Usage: oz-install [OPTIONS] <tdl>'], mark: { says: [] } }
    if (valueOf(argv, '-d') !== '4') throw new Error(`oz-install would hide its failures: ${argv.join(' ')}`)
    const disk = valueOf(argv, '-s')
    const xml = valueOf(argv, '-x')
    return {
      says: [
        'INFO:oz.Guest.FedoraGuest:Fetching the original media',
        'DEBUG:oz.Guest.FedoraGuest:Putting the kickstart in place',
        'INFO:oz.Guest.FedoraGuest:Generating 10GB diskimage for imagedrop',
        'INFO:oz.Guest.FedoraGuest:Running install for imagedrop',
        'DEBUG:oz.ozutil:Waiting for imagedrop to finish installing, 3540/3540',
        'DEBUG:oz.ozutil:Waiting for imagedrop to finish installing, 3530/3540',
        'INFO:oz.Guest.FedoraGuest:Install of imagedrop succeeded',
        'INFO:oz.Guest.FedoraGuest:Cleaning up after install',
      ],
      disk,
      fill: fillDisk,
      makes: [{ path: join(dirname(disk), 'guest.xml'), content: '<domain/>\n' }],
      mark: { says: [`Libvirt XML was written to ${xml}`] },
    }
  },
}
