/**
 * Asks for something to be made, and hears the answer also when we are told to stop meanwhile. A cloud goes on with what it was
 * asked for: given up in the middle, it would be made after everything of ours was looked for and removed. `ask` itself
 * bounds how long the cloud may be silent.
 */
export async function toTheEnd<Made>(ask: (signal: AbortSignal) => Promise<Made>, signal: AbortSignal): Promise<Made> {
  signal.throwIfAborted()
  const made = await ask(new AbortController().signal)
  signal.throwIfAborted()
  return made
}
