import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { run } from '#subprocess/run.ts'
import { address } from './small-debian.ts'

/** The network bridge of the machine that installs. */
export const bridge = 'ozbr0'

/** Starts a libvirt of our own, in the namespaces of this process; it ends with them. */
export async function startLibvirt(folder: string): Promise<void> {
  await ownFolders(folder)
  await ownNetwork(join(folder, 'relay.sock'))
  const daemon = run('libvirtd', ['--config', '/etc/libvirt/libvirtd.conf'], { log: join(folder, 'libvirtd.log') })
  daemon.catch(() => {})
  const within = AbortSignal.timeout(120_000)
  while ((await run('virsh', ['-c', 'qemu:///system', 'version'], { okCodes: [0, 1] })).code !== 0) {
    await sleep(500, undefined, { signal: within })
  }
}

/** Puts folders of ours where libvirt keeps its own, and gives it the account that it insists on. */
async function ownFolders(folder: string): Promise<void> {
  const own = (path: string) => join(folder, 'own', path)
  for (const path of ['/run/libvirt', '/var/lib/libvirt', '/var/log/libvirt', '/var/cache/libvirt', '/etc/libvirt']) {
    await mkdir(path, { recursive: true })
    await mkdir(own(path), { recursive: true })
    await run('mount', ['--bind', own(path), path])
  }
  const qemu = [
    'user = "root"',
    'group = "root"',
    'security_driver = "none"',
    'namespaces = []',
    'stdio_handler = "file"',
  ]
  await writeFile('/etc/libvirt/qemu.conf', `${[...qemu, 'cgroup_controllers = []'].join('\n')}\n`)
  await writeFile('/etc/libvirt/libvirtd.conf', 'auth_unix_rw = "none"\nunix_sock_rw_perms = "0700"\n')
  const accounts = {
    '/etc/passwd': 'libvirt-qemu:x:64055:64055::/var/lib/libvirt:/usr/sbin/nologin\n',
    '/etc/group': 'libvirt-qemu:x:64055:\nkvm:x:64056:\nlibvirt:x:64057:\n',
  }
  for (const [path, added] of Object.entries(accounts)) {
    await writeFile(own(path), (await readFile(path, 'utf8')) + added)
    await run('mount', ['--bind', own(path), path])
  }
}

/** A bridge that leads to this process, which leads to the mirror. */
async function ownNetwork(socket: string): Promise<void> {
  await run('ip', ['link', 'set', 'lo', 'up'])
  await run('ip', ['link', 'add', bridge, 'type', 'bridge'])
  await run('ip', ['addr', 'add', `${address}/24`, 'dev', bridge])
  await run('ip', ['link', 'set', bridge, 'up'])
  const server = createServer((client) => {
    const mirror = connect(socket)
    client.pipe(mirror).pipe(client)
    client.on('error', () => mirror.destroy())
    mirror.on('error', () => client.destroy())
  })
  await new Promise<void>((resolve) => server.listen(80, address, resolve))
}
