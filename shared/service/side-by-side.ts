/**
 * Does some work, a few pieces at a time, and gives their results in order. The first error ends the others, and is thrown
 * when nothing runs any more.
 */
export async function sideBySide<T>(
  work: readonly ((signal: AbortSignal) => Promise<T>)[],
  { atOnce, signal: ended }: { readonly atOnce: number; readonly signal: AbortSignal },
): Promise<T[]> {
  const failed = new AbortController()
  const signal = AbortSignal.any([ended, failed.signal])
  const waiting = [...work.entries()]
  const results: T[] = []
  const goOn = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [index, piece] = next
      signal.throwIfAborted()
      results[index] = await piece(signal)
    }
  }
  const workers = Array.from({ length: atOnce }, () =>
    goOn().catch((error: unknown) => {
      failed.abort(error)
    }),
  )
  await Promise.all(workers)
  signal.throwIfAborted()
  return results
}
