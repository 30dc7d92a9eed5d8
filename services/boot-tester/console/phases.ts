/** How far a boot is, told by what the console shows. In order: a later phase is never left for an earlier one. */
export const phases = [
  { name: 'kernel', begins: /Linux version \d|Decompressing Linux|Loading (Linux|initial ramdisk)|^\[ +0\.0+\]/ },
  {
    name: 'userspace',
    begins: /Run \S+ as init process|systemd\[1\]: |Welcome to \S|INIT: version|systemd \d+\S* running/,
  },
  { name: 'cloud-init', begins: /Cloud-init v\. \S+ running|Starting .*cloud-init/ },
] as const

export type Phase = 'firmware' | (typeof phases)[number]['name']

/** What boot loaders say when they begin. */
export const loaderSpeaks = /GRUB|BdsDxe: starting|SYSLINUX|ISOLINUX|systemd-boot|iPXE/

/** systemd waited in vain for the device of the serial console, which every machine of ours has. */
export const consoleDeviceLate = /Timed out waiting for device .*\/dev\/tty(S0|AMA0)/
