/** A message that has an id of its own is said once, wherever it comes from and however often. */
export function seedOf(topic: string, id: string): string {
  return `compose:${topic}:${id}`
}
