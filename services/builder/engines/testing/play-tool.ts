// Plays the tool of an engine, well or with a fault: `play-tool.ts SCENE ARGUMENT…`. See scripted-tool.ts.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setInterval } from 'node:timers/promises'
import { hasCode } from '#files/errors.ts'
import type { Scene, ScriptedTool } from './scripted-tool.ts'

const [, , scenePath = '', ...argv] = process.argv
const scene = JSON.parse(readFileSync(scenePath, 'utf8')) as Scene
const { tool } = (await import(scene.module)) as { tool: ScriptedTool }
try {
  await play()
} catch (error) {
  if (!hasCode(error, 'ENOSPC')) throw error
  process.stderr.write('OSError: [Errno 28] No space left on device\n')
  process.exitCode = 1
}

async function play(): Promise<void> {
  const { says, disk, fill, makes = [], mark } = tool.run(argv)
  const fault = disk === undefined ? 'none' : scene.fault
  if (fault === 'ends well at once, without a word') return
  if (fault === 'hangs silently') await hang('')
  say(says)
  if (fault === 'says 256 MiB') await flood()
  if (disk !== undefined && fault !== 'ends well without a disk') {
    write(disk, diskFor(fault))
    if (fault !== 'makes a qcow2' && fault !== 'makes a text') await fill?.(disk)
  }
  if (fault === 'hangs talking' || fault === 'hangs and ignores SIGTERM') await hang('still busy\n')
  for (const { path, content } of makes) write(path, content)
  if (fault === 'ends well without its mark') return
  for (const { path, content } of mark.makes ?? []) write(path, content)
  say(mark.says)
}

/** As a tool that waits for another program: both are in its process group. */
async function hang(word: string): Promise<never> {
  if (scene.fault === 'hangs and ignores SIGTERM') process.on('SIGTERM', () => {})
  spawn('sh', ['-c', 'sleep 600; :', scene.hanging], { stdio: 'ignore' })
  writeFileSync(scene.hanging, '')
  for await (const _ of setInterval(100)) process.stdout.write(word)
  throw new Error('time has ended')
}

async function flood(): Promise<void> {
  const words = 'Unpacking a package that has a very long name (1.0-1) over another one that has a still longer name'
  const script = 'yes "$1" | head --bytes=256M; echo'
  await once(spawn('sh', ['-c', script, 'sh', words], { stdio: ['ignore', 'inherit', 'inherit'] }), 'exit')
}

function diskFor(fault: Scene['fault']): string | Uint8Array {
  if (fault === 'makes a text') return 'no disk\n'.repeat(1000)
  const disk = Buffer.alloc(scene.diskBytes)
  disk.writeUInt16BE(0x55aa, 510)
  // A qcow2 of 1 GiB, version 2, with clusters of 64 KiB, that could pass for a boot sector.
  if (fault === 'makes a qcow2') {
    disk.write('QFI\xfb', 'latin1')
    const header = [2, 0, 0, 0, 16, 0, 1 << 30, 0, 2, 0, 1 << 16, 0, 2 << 16, 1]
    header.forEach((word, index) => disk.writeUInt32BE(word, 4 + 4 * index))
  }
  return disk
}

function write(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
}

function say(lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`)
}
