import { isSpdx } from './spdx.ts'

/**
 * The SPDX identifier of what Debian's copyright files call a licence (DEP-5, "Short name"); null where the name alone does
 * not say which text is meant: `MIT`, `BSD`, `public-domain`.
 */
export function spdxOfDebian(name: string): string | null {
  const [, base, exception = ''] = /^(.*?) with (?:the )?(\S+) exception$/i.exec(name) ?? []
  if (base !== undefined) return withException(base, exceptions[exception.toLowerCase()])
  const known = names[name.toLowerCase()] ?? gnuOf(name)
  if (known !== null) return known
  return !ambiguous.has(name.toLowerCase()) && isSpdx(name) ? name : null
}

/** SPDX has identifiers of these names, for one of the texts that people mean. */
const ambiguous = new Set(['mit', 'x11', 'bsd', 'artistic'])

const names: Readonly<Record<string, string>> = {
  expat: 'MIT',
  isc: 'ISC',
  zlib: 'Zlib',
  openssl: 'OpenSSL',
  'apache-2': 'Apache-2.0',
  'apache-2.0': 'Apache-2.0',
  'artistic-2': 'Artistic-2.0',
  'artistic-2.0': 'Artistic-2.0',
  'bsd-2-clause': 'BSD-2-Clause',
  'bsd-3-clause': 'BSD-3-Clause',
  'bsd-4-clause': 'BSD-4-Clause',
  'bsl-1.0': 'BSL-1.0',
  cc0: 'CC0-1.0',
  'cc0-1.0': 'CC0-1.0',
  'mpl-1.1': 'MPL-1.1',
  'mpl-2.0': 'MPL-2.0',
  'mpl-2': 'MPL-2.0',
  fsfap: 'FSFAP',
  fsful: 'FSFUL',
  fsfullr: 'FSFULLR',
}

/** Exceptions that have one text; Autoconf's and Texinfo's have several. */
const exceptions: Readonly<Record<string, string>> = {
  bison: 'Bison-exception-2.2',
  classpath: 'Classpath-exception-2.0',
  font: 'Font-exception-2.0',
  libtool: 'Libtool-exception',
  'linux-syscall-note': 'Linux-syscall-note',
}

function withException(base: string, exception: string | undefined): string | null {
  const license = gnuOf(base)
  return license === null || exception === undefined ? null : `${license} WITH ${exception}`
}

/** `GPL-2+`, `LGPL-2.1`, `GFDL-1.3`, `GFDL-NIV-1.3+`. */
function gnuOf(name: string): string | null {
  const parts = /^(A?GPL|LGPL|GFDL)(-NIV)?-(\d)(?:\.(\d))?(\+)?$/i.exec(name)
  if (!parts) return null
  const [, family = '', invariants = '', major = '', minor = '0', later] = parts
  const middle = invariants === '' ? '' : '-no-invariants'
  const id = `${family.toUpperCase()}-${major}.${minor}${middle}-${later ? 'or-later' : 'only'}`
  return isSpdx(id) ? id : null
}
