/** One suite of a Debian archive. */
export interface AptSuite {
  readonly url: string
  readonly suite: string
  /** Left out, with a warning, when the mirror does not serve it as promised. */
  readonly optional: boolean
  /** The package index that its signed list promises: below the suite, and by its digest, the state of the suite. */
  readonly index?: { readonly path: string; readonly sha256: string }
}

/** Where the packages of an image come from. */
export type PackageSources =
  | { readonly kind: 'apt'; readonly suites: readonly AptSuite[] }
  | {
      readonly kind: 'dnf'
      readonly repositories: readonly string[]
      /** Address of the keys that the packages are signed with, where these are not Fedora's own. */
      readonly keys?: string
    }
  /** The engine knows where the distribution keeps them. */
  | { readonly kind: 'distribution'; readonly mirror: string | null }

/** Where Debian keeps its packages, for hosts that know no mirror of it. */
export const debianArchive = 'http://deb.debian.org/debian'

/** Where Fedora keeps the keys of all its releases. */
export const fedoraKeys = 'https://fedoraproject.org/fedora.gpg'
