import { passedIf, skipped, type DiskCheck } from '../check.ts'

/** People find the file system that the distribution's installer would have made. */
export const rootFileSystem: DiskCheck = {
  name: 'root-file-system',
  description: 'the root is a file system of the kind that the distribution has, and no partition is for swapping',
  severity: 'error',
  rule: 'Fedora, First-class cloud images, "How to test"; Debian, installation guide, 6.3.4 "Partitioning"',
  since: '2026-11-26',
  on: 'disk',
  reads: 'files',
  judge: ({ root, table, expected }) => {
    if (expected === null) return skipped('what the distribution has is not written down')
    const swap = table?.partitions.find(({ type }) => /^(0657FD6D-A4AB-43C4-84E5-0933C84B4F4F|82)$/i.test(type))
    if (swap) return { outcome: 'failed', detail: `partition ${String(swap.number)} is for swapping` }
    return passedIf(
      expected.rootFileSystems.includes(root.kind),
      `the root is ${root.kind}, expected is ${expected.rootFileSystems.join(' or ')}`,
    )
  },
}
