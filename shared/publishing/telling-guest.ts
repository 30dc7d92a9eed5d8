/** What a guest says about itself as soon as it knows it, each by a shell command whose first line of output counts. */
const commands = {
  // cloud-init keeps here by which of its classes it was told, since its first releases.
  datasource: 'cat /var/lib/cloud/instance/datasource',
  'instance-id': 'cat /var/lib/cloud/data/instance-id',
  hostname: 'hostname',
  'default-user': 'echo $user',
  'authorized-keys': 'grep -cF "$key" "$home/.ssh/authorized_keys"',
  // The second field is the password's hash; one that begins with "!" or "*" opens to nobody.
  password: 'getent shadow "$user" | cut -d: -f2 | cut -c1',
} as const

export type Fact = keyof typeof commands

/** Every fact, in the order in which guests tell them. */
export const facts = Object.keys(commands) as Fact[]

/** A first boot whose guest tells. */
export interface TellingInstance {
  readonly id: string
  readonly hostname: string
  /** In OpenSSH's form. */
  readonly publicKey: string
  readonly userData: string
}

/**
 * User data by which a guest tells what it learnt of its cloud while it still boots: after users, keys, passwords and the
 * name were set, cloud-init runs a command, and nothing of what else it would do on a first boot but these commands before it.
 */
export function tellingInstance(nonce: string, publicKey: string, before: readonly string[] = []): TellingInstance {
  const key = publicKey.split(' ')[1] ?? publicKey
  const lines = Object.entries(commands).map(([name, command]) => tell(nonce, name, command))
  const script = [
    `user=$(getent passwd 1000 | cut -d: -f1) home=$(getent passwd 1000 | cut -d: -f6) key=${key}`,
    ...lines,
    tell(nonce, 'end', 'true'),
  ].join('\n')
  const userData = {
    cloud_init_modules: ['set_hostname', 'users-groups', 'ssh', 'set-passwords', 'bootcmd'],
    // "ssh" makes the keys that are missing; of one kind they are made fast.
    ssh_genkeytypes: ['ed25519'],
    bootcmd: [...before, `{\n${script}\n} >/dev/console 2>&1`],
  }
  return {
    id: `imagedrop-${nonce}`,
    hostname: 'boot-test',
    publicKey,
    userData: `#cloud-config\n${JSON.stringify(userData, null, 2)}\n`,
  }
}

function tell(nonce: string, name: string, command: string): string {
  return `echo "imagedrop-${nonce} ${name}=<$({ ${command}; } 2>&1 | head -n1)>"`
}

/** The line by which a fact is told, or with `end` that all are told; its group is the value. */
export function lineOf(nonce: string, name: Fact | 'end'): RegExp {
  return new RegExp(`imagedrop-${nonce} ${name}=<(.*)>`)
}
