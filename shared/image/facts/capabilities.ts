/** By their bits, as linux/capability.h has them. */
const names =
  'chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore'.split(
    ' ',
  )

/** The capabilities of a file in the words of getcap: `cap_net_raw=ep`; in hexadecimal when they cannot be read. */
export function describeCapabilities(value: Buffer): string {
  const version = value.length < 4 ? 0 : value.readUInt8(3)
  const isRight = (version === 2 && value.length === 20) || (version === 3 && value.length === 24)
  if (!isRight) return `0x${value.toString('hex')}`
  const effective = (value.readUInt8(0) & 1) !== 0 ? 'e' : ''
  const permitted = bits(value, 4)
  const inheritable = bits(value, 8)
  const byFlags = new Map<string, string[]>()
  for (let bit = 0; bit < 64; bit += 1) {
    const flags = `${has(inheritable, bit) ? 'i' : ''}${has(permitted, bit) ? 'p' : ''}`
    if (flags !== '') byFlags.set(flags, [...(byFlags.get(flags) ?? []), `cap_${names[bit] ?? String(bit)}`])
  }
  const text = [...byFlags].map(([flags, all]) => `${all.join(',')}=${effective}${flags}`).join(' ')
  return version === 3 ? `${text} [rootid=${String(value.readUInt32LE(20))}]` : text
}

function bits(value: Buffer, at: number): bigint {
  return BigInt(value.readUInt32LE(at)) | (BigInt(value.readUInt32LE(at + 8)) << 32n)
}

function has(set: bigint, bit: number): boolean {
  return ((set >> BigInt(bit)) & 1n) === 1n
}
