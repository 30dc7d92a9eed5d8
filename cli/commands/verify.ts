import { readFile } from 'node:fs/promises'
import { findKey } from '../../services/mirror-publisher/verification/find-key.ts'
import { locateDrop } from '../../services/mirror-publisher/verification/locate.ts'
import { verifyDrop, type Verification } from '../../services/mirror-publisher/verification/verify-drop.ts'
import { defineCommand } from '../command.ts'
import { renderVerification } from '../view/verification.ts'

const exits: Readonly<Record<Verification['verdict'], number>> = { verified: 0, wrong: 1, unproven: 3 }

export const verifyCommand = defineCommand({
  name: 'verify',
  summary: 'verify a drop, or one image, on any mirror: signature, checksums, packages, provenance, boot test',
  argument: { name: 'WHERE', means: 'address (http, https) or folder of a drop, or of an image in one' },
  options: {
    key: {
      value: 'KEY',
      means: 'the OpenPGP key that is trusted: a file, or the whole fingerprint of a key that the mirror publishes',
      otherwise: 'none, and who signed the drop stays unproven',
      example: 'GPG-KEY-9B73C064316058DE.asc',
    },
    'sigstore-key': {
      value: 'FILE',
      means: 'the public key (PEM) that is trusted for Sigstore bundles',
      otherwise: 'none, and bundles are not checked',
      example: 'SIGSTORE-KEY-0a1b2c3d4e5f6a7b.pub',
    },
    image: {
      value: 'IMAGE',
      means: 'verify this image alone, with what is beside it',
      otherwise: 'the image that WHERE names, or all images of the drop',
      example: 'generic.x86_64',
    },
    json: { means: 'print one JSON document instead of lines' },
  },
  examples: [
    'verify --key 6C46A86215F16B7C6326373A9B73C064316058DE https://mirror.example.org/alt/cloud/weekly/Debian-12-20261121.n.0/',
    'verify --key key.asc --image generic.x86_64 /srv/mirror/releases/43/Cloud',
  ],
  exits: {
    0: 'all that was checked is right, and signed by a key that was given',
    1: 'something is wrong and is named, or could not be read',
    3: 'nothing is wrong, but no key that was given proves who signed it',
  },
  async run({ values, args: [where = ''] }) {
    const { source, named } = await locateDrop(where)
    const { key, 'sigstore-key': sigstoreKey } = values
    const found = await verifyDrop(source, {
      keys: {
        openpgp: key === undefined ? null : await findKey(key, source),
        sigstore: sigstoreKey === undefined ? null : await readFile(sigstoreKey, 'utf8'),
      },
      image: values.image ?? null,
      named,
    })
    process.stdout.write(values.json ? `${JSON.stringify(found, null, 2)}\n` : renderVerification(found))
    return exits[found.verdict]
  },
})
