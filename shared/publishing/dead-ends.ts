/** Lines of a guest's console after which nothing can come any more, so that nobody has to wait for a deadline. */
export const deadEnds: readonly RegExp[] = [
  /Kernel panic - not syncing/,
  /No bootable device/,
  /grub rescue>/,
  /You are in (emergency|rescue) mode/,
  /^\(initramfs\)/,
  /Entering emergency mode/,
  /Boot failed: not a bootable disk/,
]
