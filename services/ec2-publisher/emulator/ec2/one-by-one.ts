import type { World } from '../world.ts'

const turns = new WeakMap<World, Map<string, Promise<unknown>>>()

/**
 * Answers requests with one client token one after the other, also those that come at once: each is told of what the first has made
 * (EC2 API, "Ensuring idempotency").
 */
export async function oneByOne<Answer>(world: World, token: string, answer: () => Promise<Answer>): Promise<Answer> {
  const own = turns.get(world) ?? new Map<string, Promise<unknown>>()
  turns.set(world, own)
  const before = own.get(token) ?? Promise.resolve()
  // That the one before was refused says nothing of this one.
  const mine = before.then(answer, answer)
  own.set(token, mine)
  try {
    return await mine
  } finally {
    if (own.get(token) === mine) own.delete(token)
  }
}
