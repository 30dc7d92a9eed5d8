import type { Bench, Meets } from './bench.ts'
import type { Clouds } from '../cloud.ts'

/**
 * Lets a publisher work until its `number`th request, and ends it, as SIGKILL would, when that has had its effect and the
 * answer is not heard. False: there was no such request.
 */
export async function killAt(
  bench: Bench,
  number: number,
  work: (clouds: Clouds, signal: AbortSignal) => Promise<unknown>,
): Promise<boolean> {
  const killed = new AbortController()
  let count = 0
  const meets: Meets = async (_, send) => {
    count += 1
    // What was on its way besides is lost with it.
    if (killed.signal.aborted) throw new Error('killed')
    if (count !== number) return await send()
    await send()
    killed.abort(new Error('killed'))
    throw new Error('killed')
  }
  await work(bench.publisher({}, meets), killed.signal).catch((error: unknown) => {
    if (!killed.signal.aborted) throw error
  })
  return killed.signal.aborted
}
