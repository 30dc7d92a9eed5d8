import { passedIf, type GuestCheck } from '../check.ts'

const leastShare = 0.2
const leastBytes = 256 * 1024 ** 2

/** People have room on the machine that they have started. */
export const spaceLeft: GuestCheck = {
  name: 'space-left',
  description: 'a fifth of the root, and 256 MiB, are free after the first boot, in bytes and in files',
  severity: 'error',
  rule: 'OpenStack image guide, "Image requirements: Disk partitions and resize root partition on boot"',
  since: '2026-11-26',
  on: 'guest',
  script: 'df --block-size=1 --output=size,avail,itotal,iavail /',
  judge: ({ output }) => {
    const [size, free, files, freeFiles] = (output.trim().split('\n').at(-1) ?? '').trim().split(/\s+/).map(Number)
    if (size === undefined || free === undefined || !Number.isFinite(size)) {
      return { outcome: 'failed', detail: `df said ${JSON.stringify(output.trim())}` }
    }
    // Some file systems make room for files as they are needed, and say 0 or -.
    const countsFiles = files !== undefined && freeFiles !== undefined && files > 0
    const hasFiles = !countsFiles || freeFiles / files >= leastShare
    return passedIf(
      free / size >= leastShare && free >= leastBytes && hasFiles,
      `${inMiB(free)} of ${inMiB(size)} are free${countsFiles ? `, ${String(freeFiles)} of ${String(files)} files` : ''}`,
    )
  },
}

function inMiB(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(0)} MiB`
}
