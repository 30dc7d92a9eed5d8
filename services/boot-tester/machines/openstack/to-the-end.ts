/** Longer than a cloud may be silent, in milliseconds. */
const longest = 300_000

/**
 * Asks for something to be made, and hears the answer also when we are told to stop meanwhile. A cloud goes on with what it was
 * asked for: given up in the middle, it would be made after everything of ours was looked for and removed.
 */
export async function toTheEnd<Made>(ask: (signal: AbortSignal) => Promise<Made>, signal: AbortSignal): Promise<Made> {
  signal.throwIfAborted()
  const made = await ask(AbortSignal.timeout(longest))
  signal.throwIfAborted()
  return made
}
