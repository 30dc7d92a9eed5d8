import { passedIfNone, type GuestCheck } from '../check.ts'

/** Who may listen, by protocol and port, and why. */
const allowed: readonly { readonly socket: RegExp; readonly reason: string }[] = [
  { socket: /^tcp \S+:22$/, reason: 'ssh' },
  { socket: /^(tcp|udp) 127\.0\.0\.5[34](%lo)?:53$/, reason: 'systemd-resolved answers the machine itself' },
  {
    socket: /^(tcp|udp) (0\.0\.0\.0|\*|\[::\]):5355$/,
    reason: 'systemd-resolved knows names of the local network (LLMNR)',
  },
  { socket: /^udp \S+:(68|546)$/, reason: 'the answers of DHCP' },
  { socket: /^udp (127\.0\.0\.1|\[::1\]):323$/, reason: 'chrony is asked by its own tool' },
  { socket: /^(icmp6|p_raw|raw) /, reason: 'neighbour discovery' },
]

/** Nothing answers strangers but ssh. */
export const listeningPorts: GuestCheck = {
  name: 'listening-ports',
  description: 'nothing listens to the network but ssh and what the network itself needs',
  severity: 'error',
  rule: 'Fedora release criteria, "Default firewall configuration"; CIS benchmarks, "Special purpose services"',
  since: '2026-11-26',
  on: 'guest',
  script: 'ss -H -l -n -t -u',
  judge: ({ status, output }) => {
    if (status !== 0) return { outcome: 'failed', detail: `ss: ${output.trim()}` }
    const sockets = [
      ...new Set(
        output
          .split('\n')
          .filter((line) => line.trim() !== '')
          .map(socketOf),
      ),
    ]
    return passedIfNone(
      sockets.filter((socket) => !allowed.some((one) => one.socket.test(socket))),
      sockets.join(', '),
    )
  },
}

/** `tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:*` as `tcp 0.0.0.0:22`. */
function socketOf(line: string): string {
  const [protocol = '', , , , local = ''] = line.trim().split(/\s+/)
  return `${protocol} ${local}`
}
