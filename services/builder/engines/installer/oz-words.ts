import type { Meanings } from './classify.ts'
import type { Steps } from './progress.ts'

/** What Oz says on its way, whoever calls it. Its countdown is of a time limit, so no progress is read in it. */
export const ozSteps: Steps = [
  [/Fetching the original media/, 'fetching the installer'],
  [
    /Generating (new ISO|install media)|Modifying ISO|Putting the (kickstart|preseed file) in place/,
    'preparing the installer',
  ],
  [/Generating \S+ ?diskimage for/i, 'making the disk'],
  [/Generate XML for guest|Running install for/, 'starting the machine'],
  [/Waiting for .+ to finish installing, \d+\/\d+/, 'installing'],
  [/Waiting for .+ to finish shutdown, \d+\/\d+/, 'ending the installation'],
  [/Install of .+ succeeded/, 'cleaning up after the installation'],
]

/** What its failures mean. */
export const ozMeanings: Meanings = [
  [/No disk activity in|Timed out waiting for (install|guest|domain)|finish shutdown/, 'recipe'],
  [
    /Could not find a libvirt bridge|does not support virtualization type|libvirtError|No Oz config file|already exists|unable to connect to libvirt/i,
    'environment',
  ],
  [
    /Could not (find|reach|open).*(http|ftp|url)|0 size detected|Checksum for downloaded|Expected to download/i,
    'transient',
  ],
  [/Unsupported (guest|.*(distro|version))|Invalid TDL|Failed to validate|No OS with/i, 'recipe'],
]
