/** Tells the seconds since it was made, right-aligned. */
export function stopwatch(): () => string {
  const start = performance.now()
  return () => `${((performance.now() - start) / 1000).toFixed(0).padStart(4)} s`
}
