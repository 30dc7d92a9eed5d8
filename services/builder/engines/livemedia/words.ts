import type { Meanings } from '../installer/classify.ts'
import type { ToolWords } from '../installer/run-tool.ts'

/** What livemedia-creator and Anaconda say. The failures are those that livemedia-creator itself looks for, and its own. */
export const livemediaWords: ToolWords = {
  steps: [
    [/Using disk size of|disk_img = /, 'making the disk'],
    [/Running anaconda|Running qemu|Processing logs from/, 'starting the installer'],
    [/Starting automated install|anaconda \S+ for .* started/, 'preparing the installation'],
    [/Downloading packages|packaging: downloading/i, 'fetching packages'],
    [/Installing \S+ \(\d+\/\d+\)/, 'installing packages'],
    [/Performing post-installation setup tasks/, 'configuring packages'],
    [/Installing boot ?loader/i, 'installing the boot loader'],
    [/Configuring installed system|Generating initramfs/, 'configuring the system'],
    [/Running post-installation scripts/, 'running scripts'],
    [/Storing configuration files and kickstarts|Shutting down log processing/, 'ending the installation'],
    [/Disk Image install successful/, 'storing the disk'],
  ],
  success: /Disk image is at \S/,
  failures: [
    /Traceback \(/,
    /traceback script\(s\) have been run/,
    /Out of memory:/,
    /Call Trace:/,
    /insufficient disk space:/,
    /Not enough disk space to download the packages/,
    /error populating transaction after/,
    /crashed on signal/,
    /packaging: Missed: NoSuchPackage/,
    /packaging: Installation failed/,
    /The following error occurred while installing\. {2}This is a fatal error/,
    /Error in POSTIN scriptlet in rpm package/,
    /Process \d+ \(anaconda\) of user \d+ dumped core/,
    /packaging: base repo (?!\(CDROM\/file).* not valid/,
    /packaging: .* requires .*/,
  ],
  harmless: /IGNORED/,
}

/** What its failures mean. */
export const livemediaMeanings: Meanings = [
  [/virt_install failed due to timeout|Canceling installation due to timeout/, 'stuck'],
  [
    /requires anaconda to be installed|qemu needs to be installed|qemu-img utility|install iso|is missing|should not exist|anaconda\.pid/i,
    'environment',
  ],
  [/Cannot create loop device|crashed on signal|dumped core|Call Trace/, 'environment'],
  [/base repo .* not valid/, 'transient'],
  [/No \/ partition|displaymode|display mode|fatal error|Traceback/i, 'recipe'],
]
