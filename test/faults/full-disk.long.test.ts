import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { run } from '#subprocess/run.ts'
import { createScene, fastEngines, type Scene } from '../line/scene.ts'
import { canMount, createSmallDisk, type SmallDisk } from './small-disk.ts'

const program = join(import.meta.dirname, '..', '..', 'cli', 'imagedrop.js')
const composeId = 'Debian-12-20261121.n.0'
const drop = `weekly-${composeId}`

/** Starts the real command where the small disk is the state folder. */
function start({ root, state }: Scene, disk: SmallDisk, args: readonly string[]) {
  const env = {
    ...process.env,
    ...fastEngines,
    IMAGEDROP_STATE: state,
    IMAGEDROP_SCHEDULER_ALLOWED_LOCATIONS: root,
    AWS_ACCESS_KEY_ID: '',
    HOME: root,
    NO_COLOR: '1',
  }
  const [command, all] = disk.within(process.execPath, [program, ...args])
  const child = spawn(command, all, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const ended = Promise.all([once(child, 'exit') as Promise<[number | null]>, text(child.stderr)])
  return {
    said: () => said,
    end: () => child.kill('SIGTERM'),
    ended: ended.then(([[status], stderr]) => ({ status, stdout: said, stderr })),
    /** Waits until it says that the disk is full. One that has not even room to begin ends instead. */
    async saysFull() {
      while (!fullLine.test(said)) {
        if (child.exitCode !== null) throw new Error(`it ended, and said ${said}`)
        await sleep(100)
      }
    },
  }
}

const fullLine =
  /^the ledger \S+ledger\.sqlite cannot be written, its disk is full: [\d.]+ MiB of [\d.]+ MiB are free, 16\.0 MiB are wanted; make room in \S+; the work waits, and goes on by itself$/m

describe.skipIf(!(await canMount()))('a state folder on a full disk', () => {
  it.each(['900k', '1200k', '2500k', '3500k'])(
    'of %s: one line says so, SIGTERM is obeyed, and with room the next run ends what was begun',
    async (size) => {
      await using scene = await createScene()
      await mkdir(scene.state)
      const compose = await scene.compose(composeId)
      await using disk = await createSmallDisk(scene.state, size)

      const first = start(scene, disk, ['drop', '--compose', compose])
      await first.saysFull()
      await sleep(2_000)
      expect(first.said().match(new RegExp(fullLine, 'gm'))).toHaveLength(1)
      const told = performance.now()
      first.end()
      expect(await first.ended).toMatchObject({ status: 130, stderr: '' })
      expect(performance.now() - told).toBeLessThan(10_000)

      await disk.resize('64m')
      const second = await start(scene, disk, ['drop', '--compose', compose]).ended
      // A step whose own files had no room has failed and says so; a person takes it up again.
      if (second.status !== 0) {
        expect(second.stdout).toMatch(/\((capacity|refused)\): .*(no space left|full)/i)
        expect(await start(scene, disk, ['retry', drop]).ended).toMatchObject({ status: 0 })
        expect(await start(scene, disk, ['drop', '--compose', compose]).ended).toMatchObject({ status: 0 })
      }
      const { stdout } = await start(scene, disk, ['status', drop, '--json']).ended
      expect(JSON.parse(stdout)).toMatchObject({ state: 'announced', failures: [] })
    },
  )

  it('when there is room again the same run goes on, and says so', async () => {
    await using scene = await createScene()
    await mkdir(scene.state)
    await using disk = await createSmallDisk(scene.state, '900k')
    const running = start(scene, disk, ['drop', '--compose', await scene.compose(composeId)])
    await running.saysFull()
    await disk.resize('64m')
    const { status, stdout, stderr } = await running.ended
    expect(stderr).toBe('')
    expect(stdout).toContain('the ledger is back, the work goes on')
    expect(status).toBe(0)
  })

  it('that is read-only is named in one line, with what to do', async () => {
    await using scene = await createScene()
    await mkdir(scene.state)
    await using disk = await createSmallDisk(scene.state, '1m')
    await run(...disk.within('mount', ['-o', 'remount,ro', scene.state]))
    for (const args of [['status'], ['up', '--port', '0'], ['drop', '--compose', await scene.compose(composeId)]]) {
      const { status, stderr } = await start(scene, disk, args).ended
      expect(stderr).toMatch(
        /^imagedrop: the state folder \S+ cannot be written \(EROFS: .*\): give this account write access, or choose another with --state\n$/,
      )
      expect(status).toBe(1)
    }
  })

  it('commands that only ask end with that line', async () => {
    await using scene = await createScene()
    await mkdir(scene.state)
    await using disk = await createSmallDisk(scene.state, '8k')
    const { status, stdout, stderr } = await start(scene, disk, ['status']).ended
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(/^imagedrop: the ledger \S+ cannot be written, its disk is full: .*\n$/)
  })
})
