import { readFile, rm, writeFile } from 'node:fs/promises'
import { crc32, deflateSync } from 'node:zlib'
import { ControlRefused, type Control } from './control.ts'

/** Writes what the guest's screen shows, as PNG; false when QEMU has no picture to give. */
export async function takeScreenshot(control: Pick<Control, 'execute'>, path: string): Promise<boolean> {
  const plain = `${path}.ppm`
  if (await executed(control, 'screendump', { filename: path, format: 'png' })) return true
  // QEMU before 7.1, or built without libpng, writes only PPM.
  if (!(await executed(control, 'screendump', { filename: plain }))) return false
  await writeFile(path, pngFromPpm(await readFile(plain)))
  await rm(plain)
  return true
}

async function executed(control: Pick<Control, 'execute'>, command: string, options: Record<string, unknown>) {
  try {
    await control.execute(command, options)
    return true
  } catch (error) {
    if (error instanceof ControlRefused) return false
    throw error
  }
}

/** Converts a binary PPM of 8 bits per colour. Throws when it is none. */
export function pngFromPpm(ppm: Buffer): Buffer {
  const header = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(ppm.toString('latin1', 0, 64))
  if (!header) throw new Error(`not a PPM of 8 bits per colour: ${JSON.stringify(ppm.toString('latin1', 0, 16))}`)
  const [width, height] = [Number(header[1]), Number(header[2])]
  const row = width * 3
  const lines = Buffer.alloc((row + 1) * height)
  // Each line starts with the number of its filter: 0 is none.
  const pixels = ppm.subarray(header[0].length)
  for (let y = 0; y < height; y++) pixels.copy(lines, y * (row + 1) + 1, y * row, (y + 1) * row)
  const size = Buffer.alloc(13)
  size.writeUInt32BE(width, 0)
  size.writeUInt32BE(height, 4)
  // 8 bits, RGB, and the only methods there are.
  size.set([8, 2, 0, 0, 0], 8)
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', size),
    chunk('IDAT', deflateSync(lines)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, content: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), content])
  const framed = Buffer.alloc(named.length + 8)
  framed.writeUInt32BE(content.length, 0)
  named.copy(framed, 4)
  framed.writeUInt32BE(crc32(named), named.length + 4)
  return framed
}
