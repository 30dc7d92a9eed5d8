import { open } from 'node:fs/promises'

/** Of the blocks of a second disk that hold anything, the share that the first has at the same place. */
export async function shareAtTheSamePlace(
  first: string,
  second: string,
  { blockSize }: { blockSize: number },
): Promise<number> {
  await using one = await open(first)
  await using other = await open(second)
  const { size } = await other.stat()
  const [before, after, zeros] = [Buffer.alloc(blockSize), Buffer.alloc(blockSize), Buffer.alloc(blockSize)]
  let [same, all] = [0, 0]
  for (let position = 0; position < size; position += blockSize) {
    const { bytesRead } = await other.read(after, 0, blockSize, position)
    const block = after.subarray(0, bytesRead)
    if (block.equals(zeros.subarray(0, bytesRead))) continue
    all += 1
    const found = await one.read(before, 0, bytesRead, position)
    if (before.subarray(0, found.bytesRead).equals(block)) same += 1
  }
  return same / all
}
