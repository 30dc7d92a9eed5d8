import type { Instance } from './datasource.ts'

/** An instance that lives once, lets the key in, and says on its console who its default user is. */
export function newInstance({ nonce, publicKey }: { nonce: string; publicKey: string }): Instance {
  const userData = {
    runcmd: [`echo "imagedrop-${nonce} default-user=<$(getent passwd 1000 | cut -d: -f1)>" >/dev/console`],
  }
  return {
    id: `imagedrop-${nonce}`,
    hostname: 'boot-test',
    publicKey,
    // JSON is YAML, and needs no care with quoting.
    userData: `#cloud-config\n${JSON.stringify(userData, null, 2)}\n`,
  }
}

/** The line that cloud-init's last stage writes to the console; its group is the name of the default user. */
export function defaultUserLine(nonce: string): RegExp {
  return new RegExp(`imagedrop-${nonce} default-user=<([a-z_][a-z0-9_-]*)>`)
}
