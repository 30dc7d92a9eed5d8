import type { PemFile } from './exchange.ts'

/** How we say to a hub who we are. Only hubs for tests take passwords. */
export type Credentials =
  | { readonly kind: 'password'; readonly user: string; readonly password: string }
  | { readonly kind: 'certificate'; readonly chain: PemFile; readonly key: PemFile }
  | {
      readonly kind: 'gssapi'
      /** A keytab from which tickets are taken as they are needed, and where they are kept; null: as the host does it. */
      readonly keytab: string | null
      readonly cache: string | null
    }
