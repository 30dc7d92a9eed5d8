import { passedIf, type GuestCheck } from '../check.ts'

/** The image uses the disk that its cloud gives it. */
export const rootGrown: GuestCheck = {
  name: 'root-grown',
  description: 'the root file system has grown beyond the size of the image',
  severity: 'error',
  rule: 'OpenStack image guide, "Image requirements: Disk partitions and resize root partition on boot"',
  since: null,
  on: 'guest',
  script: 'df --block-size=1 --output=size /',
  judge: ({ output }, { imageBytes, diskBytes }) => {
    const bytes = Number(/\d+\s*$/.exec(output)?.[0])
    if (!Number.isFinite(bytes)) return { outcome: 'failed', detail: `df said ${JSON.stringify(output.trim())}` }
    return passedIf(
      bytes > imageBytes,
      `root has ${inGiB(bytes)}, the image ${inGiB(imageBytes)}, the disk ${inGiB(diskBytes)}`,
    )
  },
}

function inGiB(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(2)} GiB`
}
