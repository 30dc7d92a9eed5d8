import type { DropPublished } from '#events/drop-published.ts'

/** The drop that came before one: of the same release and kind, made of the newest compose that is older. */
export function previousOf(body: DropPublished, drops: readonly DropPublished[]): DropPublished | null {
  const earlier = drops
    .filter((one) => streamOf(one) === streamOf(body) && isOlder(one, body))
    .toSorted((one, other) => (isOlder(one, other) ? 1 : -1))
  return earlier[0] ?? null
}

function streamOf({ kind, compose }: DropPublished): string {
  return `${kind} ${compose.short} ${compose.version}`
}

function isOlder({ compose: one }: DropPublished, { compose: other }: DropPublished): boolean {
  return one.date === other.date ? one.respin < other.respin : one.date < other.date
}
