/** Regions that can copy from each other: one upload is enough for all of them. */
export interface PartitionRegions {
  /** As `aws`, `aws-cn`: what accounts and their credentials are good for. */
  readonly partition: string
  /** Where the disk is sent to. */
  readonly home: string
  /** Where it is copied to. */
  readonly others: readonly string[]
}

/** Sorts regions by their partition; the first of each is its home, so name those first that a drop needs. */
export async function byPartition(names: readonly string[]): Promise<PartitionRegions[]> {
  const { partition } = await import('@aws-sdk/core/client')
  const grouped = Map.groupBy(names, (name) => partition(name).name)
  return [...grouped].flatMap(([name, [home, ...others]]) =>
    home === undefined ? [] : { partition: name, home, others },
  )
}

/** The partition of a region. */
export async function partitionOf(name: string): Promise<string> {
  const { partition } = await import('@aws-sdk/core/client')
  return partition(name).name
}
