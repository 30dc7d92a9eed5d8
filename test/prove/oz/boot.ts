import { Writable } from 'node:stream'
import { run } from '#subprocess/run.ts'

/** Boots a disk, without changing it, until it asks who logs in. Throws with the end of its console if it does not. */
export async function boot(disk: string): Promise<void> {
  const stop = new AbortController()
  let said = ''
  // Bytes, for no line ends after the question.
  const output = new Writable({
    write(chunk: Buffer, _, done) {
      said = (said + chunk.toString('latin1')).slice(-4096)
      if (/ login: /.test(said)) stop.abort()
      done()
    },
  })
  const args = ['-accel', 'tcg', '-m', '512', '-display', 'none', '-serial', 'stdio', '-snapshot', '-nic', 'none']
  try {
    await run('qemu-system-x86_64', [...args, '-drive', `file=${disk},format=raw,if=virtio`], {
      deadline: 15 * 60_000,
      signal: stop.signal,
      output,
    })
  } catch (error) {
    if (!stop.signal.aborted) throw new Error(`the disk does not boot: ${said}`, { cause: error })
  }
}
