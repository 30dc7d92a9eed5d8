import type { Cloud, CloudDisk } from './datasource.ts'

/** A cloud that is nothing but a disk. */
export function diskCloud(disk: CloudDisk, identity: Cloud['identity'] = {}): Cloud {
  return {
    identity,
    disks: [disk],
    servers: [],
    requests: () => [],
    requestLog: null,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}
