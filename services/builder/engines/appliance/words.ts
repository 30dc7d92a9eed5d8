import type { Meanings } from '../installer/classify.ts'
import type { ToolWords } from '../installer/run-tool.ts'

/** What appliance-creator says. Without a boot loader it warns, goes on and ends well, with a disk that never starts. */
export const applianceWords: ToolWords = {
  steps: [
    [/Adding disk/i, 'making the disk'],
    [/selected group: |selected package: /i, 'choosing packages'],
    [/Downloading|\[\d+\/\d+\] /, 'fetching packages'],
    [/^\s*(Installing|Installed)\s*:? .*\d+\/\d+/, 'installing packages'],
    [
      /Writing (extlinux|grub2?) config|Installing (extlinux|grub2?)|Grub2 installed|bootloader/i,
      'installing the boot loader',
    ],
    [/moving disks to stage location/, 'storing the disk'],
    [/writing image XML/, 'describing the disk'],
  ],
  success: /^Finished\s*$/,
  failures: [
    /WARNING! (No bootloader|.* package) (not )?found/i,
    /Unable to (create appliance|load kickstart file)/,
    /^Traceback \(/,
  ],
}

/** What its failures mean. */
export const applianceMeanings: Meanings = [
  [/WARNING! /, 'recipe'],
  [/Failed to (find|mount|map)|MountError|kpartx|dmsetup|No module named/i, 'environment'],
  [/Traceback/, 'bug'],
]
