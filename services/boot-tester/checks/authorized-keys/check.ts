import { passedIfNone, type DiskCheck } from '../check.ts'

/** Nobody has a key to machines of strangers. */
export const authorizedKeys: DiskCheck = {
  name: 'authorized-keys',
  description: 'nobody may log in with a key that came with the image',
  severity: 'error',
  rule: 'AWS, Recommendations for creating shared Linux AMIs, "Remove SSH public keys"',
  since: '2026-11-26',
  on: 'disk',
  reads: 'files',
  judge: ({ tree }) => {
    const files = [...tree.entries.values()].filter(({ path }) =>
      /^\/(root|home\/[^/]+|var\/lib\/[^/]+|etc)\/\.?ssh\/(authorized_keys2?(\.d\/.+)?|authorized_principals)$/.test(
        path,
      ),
    )
    return passedIfNone(
      files.filter(({ size, type }) => type !== 'directory' && size > 0).map(({ path }) => path),
      'none',
    )
  },
}
