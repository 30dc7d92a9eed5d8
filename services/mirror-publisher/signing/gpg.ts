import { run } from '#subprocess/run.ts'
import { collect, logIn } from './collect.ts'
import type { Sign, SignatureForm } from './signer.ts'

/** A key in a keyring of GnuPG, or on a card that its agent knows. The agent answers without a person. */
export interface GpgKey {
  /** Key id, fingerprint or address, as gpg takes it. */
  readonly key: string
  /** GnuPG's folder; null for the user's own. */
  readonly home: string | null
}

const forms: Readonly<Record<SignatureForm, readonly string[]>> = {
  clear: ['--clearsign'],
  detached: ['--detach-sign'],
  armored: ['--armor', '--detach-sign'],
}

/** Signs by gpg. */
export function signByGpg({ key, home }: GpgKey): Sign {
  const args = ['--batch', '--no-tty', '--digest-algo', 'SHA256', '--local-user', key]
  return (text, form, { signal, logFolder }) =>
    collect(text, ({ input, output }) =>
      run('gpg', [...homeOf(home), ...args, ...forms[form]], {
        input,
        output,
        signal,
        ...logIn(logFolder, 'gpg.log'),
        deadline: 60_000,
      }),
    )
}

/** The public halves of the keys that a name means, in ASCII armor; empty when there is none. */
export async function exportByGpg({ key, home }: GpgKey, signal: AbortSignal): Promise<string> {
  const args = ['--batch', '--no-tty', '--armor', '--export-options', 'export-minimal', '--export', key]
  const exported = await collect('', ({ output }) =>
    run('gpg', [...homeOf(home), ...args], { output, signal, deadline: 60_000 }),
  )
  return exported.toString()
}

function homeOf(home: string | null): string[] {
  return home === null ? [] : ['--homedir', home]
}
