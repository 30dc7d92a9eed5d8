/** Does the same for many things, so many at once, and gives how each ended in the order of the things. */
export async function settleAtOnce<Thing, Result>(
  things: readonly Thing[],
  most: number,
  act: (thing: Thing) => Promise<Result>,
): Promise<PromiseSettledResult<Awaited<Result>>[]> {
  const outcomes: PromiseSettledResult<Awaited<Result>>[] = []
  const left = things.entries()
  const worker = async () => {
    // All workers take from one iterator, each as soon as it is free.
    for (const [index, thing] of left) [outcomes[index]] = await Promise.allSettled([act(thing)])
  }
  await Promise.all(Array.from({ length: Math.min(most, things.length) }, worker))
  return outcomes
}
