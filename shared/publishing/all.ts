/** Does something with each at once and waits for all, so that one that fails holds up no other; then throws the first error. */
export async function all<One, Result>(ones: readonly One[], act: (one: One) => Promise<Result>): Promise<Result[]> {
  const settled = await Promise.allSettled(ones.map(act))
  return settled.map((one) => {
    if (one.status === 'rejected') throw one.reason
    return one.value
  })
}
