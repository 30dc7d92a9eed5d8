/** Resolves at the first SIGINT or SIGTERM; a second one ends the process at once. */
export function waitForEnd(): Promise<NodeJS.Signals> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>()
  let heard = false
  const listener = (signal: NodeJS.Signals) => {
    if (heard) process.exit(signal === 'SIGINT' ? 130 : 143)
    heard = true
    resolve(signal)
  }
  process.on('SIGINT', listener)
  process.on('SIGTERM', listener)
  return promise
}
