import type { ImagePlan } from '#events/vocabulary.ts'
import type { Needs } from '#ledger/needs.ts'

/** A build waits for packages and for the disk about half of its time, and holds the tree and the disk that it fills. */
const ofABuild = { cores: 0.5, memoryMib: 512, diskMib: 2048 } as const

/** What a tool needs that runs the programs of the image on this host, as anybody. */
export function needsOfTool({ architecture }: Pick<ImagePlan, 'architecture'>): Needs {
  return { ...ofABuild, architecture }
}

/** The same, for a tool that fills so much memory besides, in MiB. */
export function needsWithMemory(image: Pick<ImagePlan, 'architecture'>, memoryMib: number): Needs {
  return { ...needsOfTool(image), memoryMib: ofABuild.memoryMib + memoryMib }
}

/** The same, for a tool that only root can run. */
export function needsOfRoot(image: Pick<ImagePlan, 'architecture'>): Needs {
  return { ...needsOfTool(image), root: true }
}

/** What the most modest of several ways needs of everything: whoever has not that much can go none of them. */
export function leastOf(ways: readonly Needs[]): Needs {
  const least = (of: (needs: Needs) => number | undefined) => Math.min(...ways.map((needs) => of(needs) ?? 0))
  const [first] = ways
  if (!first) return {}
  const { architecture } = first
  return {
    cores: least(({ cores }) => cores),
    memoryMib: least(({ memoryMib }) => memoryMib),
    diskMib: least(({ diskMib }) => diskMib),
    kvm: ways.every(({ kvm }) => kvm === true),
    root: ways.every(({ root }) => root === true),
    ...(architecture !== undefined && ways.every((needs) => needs.architecture === architecture) && { architecture }),
  }
}
