import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '#subprocess/run.ts'
import { guestNetwork } from './layout.ts'
import { libvirtGuests } from './settings.ts'

/** Makes the namespaces that we are in a host for Nova: of the host's own configuration nothing is seen or changed. */
export async function prepareHost(folder: string): Promise<void> {
  await Promise.all([makeNetwork(), hideLibvirt(folder)])
}

/** A bridge for the guests, with the addresses of their router and of the metadata service. */
async function makeNetwork(): Promise<void> {
  const { bridge, prefix, metadataAddress } = guestNetwork
  const ip = (...args: string[]) => run('ip', args)
  await ip('link', 'set', 'lo', 'up')
  await ip('link', 'add', bridge, 'type', 'bridge')
  await ip('address', 'add', `${prefix}.1/24`, 'dev', bridge)
  await ip('address', 'add', `${metadataAddress}/32`, 'dev', bridge)
  await ip('link', 'set', bridge, 'up')
}

/** libvirt remembers guests where we may not write, and insists on an account that only another package makes. */
async function hideLibvirt(folder: string): Promise<void> {
  for (const path of ['/etc/libvirt', '/var/lib/libvirt', '/var/cache/libvirt', '/var/log/libvirt', '/run/libvirt']) {
    await mkdir(path, { recursive: true })
    await run('mount', ['-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', path])
  }
  await writeFile('/etc/libvirt/qemu.conf', libvirtGuests)
  const accounts = {
    '/etc/passwd': 'libvirt-qemu:x:64055:64055::/var/lib/libvirt:/usr/sbin/nologin\n',
    '/etc/group': 'libvirt-qemu:x:64055:\n',
  }
  for (const [path, line] of Object.entries(accounts)) {
    const known = await readFile(path, 'utf8')
    if (/^libvirt-qemu:/m.test(known)) continue
    const own = join(folder, path.replaceAll('/', '-'))
    await writeFile(own, known + line)
    await run('mount', ['--bind', own, path])
  }
}
