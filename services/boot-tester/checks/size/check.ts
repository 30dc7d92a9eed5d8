import { passedIf, skipped, type DiskCheck } from '../check.ts'

/** How much more or less than before an image may be without a word. */
const tolerance = 0.2

/** Nobody downloads what came in by mistake. */
export const size: DiskCheck = {
  name: 'size',
  description: 'the disk is about as large as in the last drop',
  severity: 'warning',
  rule: 'Fedora, Release criteria, "Image size"; Fedora Cloud, kiwi descriptions, size of each profile',
  since: '2026-11-26',
  on: 'disk',
  reads: 'disk',
  judge: ({ bytes, earlierBytes }) => {
    if (earlierBytes === null) return skipped('no earlier image is known')
    const change = bytes.size / earlierBytes - 1
    return passedIf(
      Math.abs(change) <= tolerance,
      `${inMiB(bytes.size)}, before ${inMiB(earlierBytes)}: ${change >= 0 ? '+' : ''}${(change * 100).toFixed(0)} %`,
    )
  },
}

function inMiB(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(0)} MiB`
}
