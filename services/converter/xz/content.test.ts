import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { array, assert, asyncProperty, integer, nat, uint8Array } from 'fast-check'
import { expect, it } from 'vitest'
import { createContentCheck } from './content.ts'

const bytes = uint8Array({ minLength: 1, maxLength: 200 }).map((array) => Buffer.from(array))
const parts = array(bytes, { minLength: 1, maxLength: 4 })
const cuts = array(nat(800), { maxLength: 10 })

it('finds no difference in the right bytes, however they are cut into chunks', async () => {
  await assert(
    asyncProperty(parts, cuts, async (contents, at) => {
      expect(await differenceOf(contents, cut(Buffer.concat(contents), at))).toBeNull()
    }),
  )
})

it('finds one changed byte, and names the part', async () => {
  await assert(
    asyncProperty(parts, cuts, nat(), integer({ min: 1, max: 255 }), async (contents, at, where, mask) => {
      const changed = Buffer.concat(contents)
      const position = where % changed.length
      changed.writeUInt8(changed.readUInt8(position) ^ mask, position)
      let end = 0
      const index = contents.findIndex((part) => (end += part.length) > position)
      expect(await differenceOf(contents, cut(changed, at))).toMatch(`part ${String(index)} has the SHA-256`)
    }),
  )
})

it('finds bytes that are missing and bytes that are too many', async () => {
  await assert(
    asyncProperty(parts, cuts, integer({ min: 1, max: 50 }), async (contents, at, count) => {
      const right = Buffer.concat(contents)
      const longer = Buffer.concat([right, Buffer.alloc(count)])
      expect(await differenceOf(contents, cut(longer, at))).toBe(`${String(count)} bytes too many follow`)
      const shorter = right.subarray(0, Math.max(0, right.length - count))
      expect(await differenceOf(contents, cut(shorter, at))).toMatch(/ends \d+ bytes too early|has the SHA-256/)
    }),
  )
})

async function differenceOf(contents: Buffer[], flow: Buffer[]) {
  const wanted = contents.map((part, index) => ({
    what: `part ${String(index)}`,
    size: part.length,
    sha256: createHash('sha256').update(part).digest('hex'),
  }))
  const check = createContentCheck(wanted, () => undefined)
  await pipeline(Readable.from(flow), check.sink)
  return check.difference()
}

function cut(whole: Buffer, at: number[]): Buffer[] {
  const edges = [0, ...at.filter((edge) => edge < whole.length).toSorted((a, b) => a - b), whole.length]
  return edges.slice(1).map((edge, index) => Buffer.from(whole.subarray(edges[index], edge)))
}
