import { passedIfNone, type GuestCheck } from '../check.ts'

/** What each setting must be. */
const wanted: Readonly<Record<string, RegExp>> = {
  passwordauthentication: /^no$/,
  kbdinteractiveauthentication: /^no$/,
  permitemptypasswords: /^no$/,
  permitrootlogin: /^(no|prohibit-password|without-password|forced-commands-only)$/,
  hostbasedauthentication: /^no$/,
}

/** Of lists of algorithms, what nobody should use any more (OpenSSH's release notes tell when it gave each up). */
const weak: Readonly<Record<string, RegExp>> = {
  ciphers: /^(3des|blowfish|cast128|arcfour|.*-cbc)/,
  macs: /^hmac-(md5|ripemd|sha1-96)/,
  kexalgorithms: /^diffie-hellman-group(1|14|-exchange)-sha1|^diffie-hellman-group1-/,
  hostkeyalgorithms: /^ssh-(dss|rsa)$|^ssh-(dss|rsa)-cert/,
  pubkeyacceptedalgorithms: /^ssh-(dss|rsa)$|^ssh-(dss|rsa)-cert/,
}

/** Nobody gets in by guessing, nor by breaking what is broken already. */
export const sshPolicy: GuestCheck = {
  name: 'ssh-policy',
  description: 'sshd takes keys only, lets root in with no password, and offers no algorithms that are given up',
  severity: 'error',
  rule: 'sshd_config(5); Mozilla, OpenSSH guidelines, "Modern"; OpenSSH release notes, 7.0, 7.6 and 8.8',
  since: '2026-11-26',
  on: 'guest',
  script: '/usr/sbin/sshd -T',
  judge: ({ status, output }) => {
    if (status !== 0) return { outcome: 'failed', detail: `sshd -T: ${output.trim()}` }
    const settings = new Map(
      output.split('\n').map((line) => [line.split(' ')[0] ?? '', line.split(' ').slice(1).join(' ')] as const),
    )
    const wrong = Object.entries(wanted).flatMap(([name, value]) => {
      const found = settings.get(name)
      return found !== undefined && !value.test(found) ? [`${name} ${found}`] : []
    })
    const offered = Object.entries(weak).flatMap(([name, pattern]) =>
      (settings.get(name) ?? '')
        .split(',')
        .filter((one) => pattern.test(one))
        .map((one) => `${name} has ${one}`),
    )
    return passedIfNone([...wrong, ...offered], `${String(settings.size)} settings`)
  },
}
