import { createHash } from 'node:crypto'

/** A number from 0 up to 1 that depends on nothing but these words: what happens to a job is not changed by when it runs. */
export function chanceOf(...words: readonly (string | number)[]): number {
  const digest = createHash('sha256').update(JSON.stringify(words)).digest()
  return digest.readUIntBE(0, 6) / 2 ** 48
}

/** A number around 1: half of them from 0.85 to 1.18, one in twenty beyond 0.61 or 1.63. */
export function spreadOf(...words: readonly (string | number)[]): number {
  const [one, other] = [chanceOf(...words, 'one'), chanceOf(...words, 'other')]
  const normal = Math.sqrt(-2 * Math.log(1 - one)) * Math.cos(2 * Math.PI * other)
  return Math.exp(0.25 * normal)
}
