import { readHostMirror } from '../../packages/host-mirror.ts'

/** The address of a distribution's packages that this host is configured with, or null when it has none. */
export async function hostMirror(distribution: string, root = '/'): Promise<string | null> {
  const family = (['debian', 'fedora'] as const).find((name) => distribution.startsWith(`${name}-`))
  return family === undefined ? null : ((await readHostMirror(family, root))?.archive ?? null)
}
