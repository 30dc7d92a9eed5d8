import { join } from 'node:path'
import { valueOf } from '../../installer/testing/arguments.ts'
import { fillDisk } from '../../installer/testing/disk.ts'

/** appliance-creator as its messages stand in its source. */
export const tool = {
  command: 'appliance-creator',
  needsRoot: true,
  run(argv: readonly string[]) {
    if (argv.includes('--help')) return { says: ['Usage: appliance-creator [options]'], mark: { says: [] } }
    const name = valueOf(argv, '--name')
    const folder = join(valueOf(argv, '--outdir'), name)
    return {
      says: [
        'DEBUG:root:Adding disk sda as /w/imgcreate/sda.raw with size 4096',
        'INFO:root:selected group: core',
        'Downloading Packages:',
        '  Installing       : bash-5.2.37-1.fc43.x86_64    1/2',
        'DEBUG:root:Grub2 installed.',
        'DEBUG:root:moving disks to stage location',
      ],
      disk: join(folder, `${name}-sda.raw`),
      fill: fillDisk,
      makes: [{ path: join(folder, `${name}.xml`), content: `<image><name>${name}</name></image>\n` }],
      mark: { says: ['Finished'] },
    }
  },
}
