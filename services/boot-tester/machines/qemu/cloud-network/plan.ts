import { join } from 'node:path'
import type { CloudServer } from '../../../datasources/datasource.ts'

/** A network that holds one guest and the servers of its cloud, and leads nowhere else. */
export interface CloudNetwork {
  readonly servers: readonly CloudServer[]
  /** Where somebody outside reaches the guest's ssh port. */
  readonly ssh: string
}

/** In a network of its own, every port is free. */
export const sshPort = 22

/** The command that runs a tool in such a network, as an ordinary user: without root, but with user namespaces. */
export function inCloudNetwork(network: CloudNetwork, tool: string, args: readonly string[]): [string, string[]] {
  const program = join(import.meta.dirname, 'main.ts')
  const namespaces = ['--map-root-user', '--net', '--mount']
  return ['unshare', [...namespaces, '--', process.execPath, program, JSON.stringify(network), tool, ...args]]
}

/**
 * QEMU's side of the network. With servers, QEMU connects for its guest to wherever the guest wants, and in the namespace
 * there is nothing else; its own ssh port is fixed there. Without servers there is no namespace, and the guest may
 * reach nothing.
 */
export function networkArguments(servers: readonly CloudServer[]): string[] {
  const open =
    servers.length === 0 ? 'restrict=on,hostfwd=tcp:127.0.0.1:0-:22' : `hostfwd=tcp:127.0.0.1:${String(sshPort)}-:22`
  return ['-netdev', `user,id=net,${open}`]
}
