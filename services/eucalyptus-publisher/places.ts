import { readFile } from 'node:fs/promises'
import { createSend, type Send, type Wire } from '#publishing/http.ts'
import { messageOf, PermanentError } from '#service/errors.ts'
import { fetchCloudCertificate } from './api/cloud-certificate.ts'
import { createConnection } from './api/connection.ts'
import type { Compute } from './api/images.ts'
import type { Bucket } from './api/objects.ts'
import { readCloud, type CloudEntry } from './config-file.ts'
import type { EucalyptusSettings, WantedCloud } from './config.ts'

/** What bundles for an account at a cloud are made with. */
export interface Keys {
  readonly accountId: string
  /** From which the keys of bundles are derived, so that each try makes the same bundle. */
  readonly secret: string
  /** PEM: the cloud's, whose machinery unbundles. */
  readonly cloudCertificate: string
  /** PEM, of the user: null when the files do not name them. */
  readonly userCertificate: string | null
  readonly privateKey: string | null
}

/** A cloud that we publish to. */
export interface Place {
  readonly wanted: WantedCloud
  readonly accountId: string
  readonly compute: Compute
  readonly bucket: Bucket
  /** Reads the files that the settings name, and asks the cloud for its certificate where they name none. */
  keys(signal: AbortSignal): Promise<Keys>
}

/** A cloud whose section is yet to be read. */
export interface ClosedPlace {
  readonly place: string
  /** Throws PermanentError naming what the files lack. */
  readonly open: () => Place
}

/** Finds the clouds that the settings name; each speaks for itself. */
export type OpenPlaces = () => readonly ClosedPlace[]

/** Reads euca2ools' files anew for each job, so that changed credentials need no restart. Asks no cloud yet. */
export function createOpenPlaces(
  settings: EucalyptusSettings,
  env: Readonly<Record<string, string | undefined>>,
  connect: (wire: Wire) => Send = createSend,
  now: () => number = Date.now,
): OpenPlaces {
  return () => {
    if (settings.clouds.length === 0)
      throw new PermanentError('environment', 'IMAGEDROP_EUCALYPTUS_PUBLISHER_CLOUDS names no region of euca2ools')
    return settings.clouds.map((wanted) => ({
      place: wanted.place,
      open() {
        const cloud = readCloud(wanted.place, settings.configFile, env)
        const send = connect({ ca: null, verify: cloud['verify-ssl'], silence: settings.silenceSeconds * 1000 })
        return openPlace(wanted, cloud, settings.bucket, { send, now })
      },
    }))
  }
}

function openPlace(
  wanted: WantedCloud,
  cloud: CloudEntry,
  bucket: string | null,
  wire: { readonly send: Send; readonly now: () => number },
): Place {
  const { 'key-id': keyId, 'secret-key': secretKey, 'account-id': accountId } = cloud
  const connection = createConnection(wanted.place, { keyId, secretKey }, wire)
  return {
    wanted,
    accountId,
    compute: { connection, url: new URL(cloud['ec2-url']) },
    bucket: { connection, url: new URL(cloud['s3-url']), name: bucket ?? `imagedrop-${accountId}` },
    async keys(signal) {
      const read = (key: PemKey) => readPem(wanted.place, key, cloud)
      const [named, userCertificate, privateKey] = await Promise.all([
        read('certificate'),
        read('user-certificate'),
        read('private-key'),
      ])
      const bootstrap = cloud['bootstrap-url']
      if (named === null && bootstrap === undefined)
        throw new PermanentError('environment', `${wanted.place}: neither certificate nor bootstrap-url is set`)
      const cloudCertificate = named ?? (await fetchCloudCertificate(connection, new URL(bootstrap ?? ''), signal))
      return { accountId, secret: secretKey, cloudCertificate, userCertificate, privateKey }
    },
  }
}

type PemKey = 'certificate' | 'user-certificate' | 'private-key'

async function readPem(place: string, key: PemKey, cloud: CloudEntry): Promise<string | null> {
  const path = cloud[key]
  if (path === undefined) return null
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new PermanentError('environment', `${place}: ${key}: ${messageOf(error)}`, { cause: error })
  }
}
