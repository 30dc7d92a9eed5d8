import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inflateSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { ControlRefused } from './control.ts'
import { pngFromPpm, takeScreenshot } from './screenshot.ts'

const red = [255, 1, 2]
const blue = [3, 4, 255]
const ppm = Buffer.concat([Buffer.from('P6\n2 2\n255\n'), Buffer.from([red, blue, blue, red].flat())])

it('a PPM becomes a PNG of the same pixels', () => {
  const png = pngFromPpm(ppm)
  expect(png.toString('hex', 0, 8)).toBe('89504e470d0a1a0a')
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([2, 2])
  const length = png.readUInt32BE(33)
  expect(png.toString('latin1', 37, 41)).toBe('IDAT')
  const lines = inflateSync(png.subarray(41, 41 + length))
  expect([...lines]).toEqual([0, ...red, ...blue, 0, ...blue, ...red])
})

it('what is no PPM is refused by name', () => {
  expect(() => pngFromPpm(Buffer.from('GIF89a'))).toThrow('not a PPM of 8 bits per colour: "GIF89a"')
})

it('an older QEMU, which writes only PPM, gives a PNG too', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'screenshot-'))
  const control = {
    execute: async (_command: string, options: Readonly<Record<string, unknown>> = {}) => {
      if ('format' in options) throw new ControlRefused("GenericError: Parameter 'format' is unexpected")
      await writeFile(String(options['filename']), ppm)
    },
  }
  expect(await takeScreenshot(control, join(folder, 'screen.png'))).toBe(true)
  expect((await readFile(join(folder, 'screen.png'))).toString('latin1', 1, 4)).toBe('PNG')
  await rm(folder, { recursive: true })
})

it('a machine without a screen has no screenshot', async () => {
  const control = { execute: () => Promise.reject(new ControlRefused('GenericError: There is no console')) }
  expect(await takeScreenshot(control, '/nowhere/screen.png')).toBe(false)
})
