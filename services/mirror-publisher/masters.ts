import { z } from 'zod'
import { readSettingsFile } from './settings-file.ts'

// ssh and rsync split what they are given at spaces.
const plainPath = z.string().regex(/^\S+$/, 'expected a path without spaces')

const master = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,60}$/, 'expected letters, digits, dots and hyphens'),
  address: z
    .string()
    .regex(/^(rsync:\/\/[^/]+\/[^/]+\/?.*|[^:/\s]+:\/.*)$/, 'expected rsync://HOST/MODULE/ or USER@HOST:/FOLDER')
    .transform((address) => (address.endsWith('/') ? address : `${address}/`))
    .describe("Where the other master's root is: an rsync daemon, or a folder behind ssh"),
  required: z.boolean().default(true).describe('A drop is mirrored only when it is there, too'),
  kibibytesPerSecond: z.int().min(1).nullable().default(null).describe('The most that a push takes'),
  passwordFile: z.string().nullable().default(null).describe("For a daemon: the file with its user's password"),
  identityFile: plainPath.nullable().default(null).describe('For ssh: the file with the private key'),
  knownHostsFile: plainPath
    .nullable()
    .default(null)
    .describe("For ssh: the file with the host's key; default those that ssh itself knows. Another key is refused"),
  port: z.int().min(1).max(65535).nullable().default(null).describe('For ssh; default 22, or what its own file says'),
})

/** Another master of the mirror, which is to hold what ours holds. */
export type Master = z.output<typeof master>

const file = z.strictObject({
  masters: z
    .array(master)
    .min(1)
    .refine((masters) => new Set(masters.map(({ name }) => name)).size === masters.length, 'expected different names'),
})

/** Reads the file of masters. Throws Error that names the field and its value. */
export function readMasters(path: string): Master[] {
  return readSettingsFile(path, file).masters
}
