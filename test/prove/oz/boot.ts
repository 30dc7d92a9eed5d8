import { run } from '#subprocess/run.ts'

/** Boots a disk, without changing it, until it asks who logs in. */
export async function boot(disk: string): Promise<void> {
  const stop = new AbortController()
  const args = ['-accel', 'tcg', '-m', '512', '-display', 'none', '-serial', 'stdio', '-snapshot', '-nic', 'none']
  let isUp = false
  const onLine = (line: string) => {
    if (!/systemd\[1\]: (Reached target|Started) .*(getty|Multi-User)|login:/i.test(line)) return
    isUp = true
    stop.abort()
  }
  await run('qemu-system-x86_64', [...args, '-drive', `file=${disk},format=raw,if=virtio`], {
    deadline: 15 * 60_000,
    signal: stop.signal,
    onLine,
  }).catch((error: unknown) => {
    if (!isUp) throw error
  })
}
