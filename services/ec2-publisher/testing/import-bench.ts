import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { open, truncate, writeFile } from 'node:fs/promises'
import type { ArtifactStore } from '#artifacts/store.ts'
import type { ArtifactRef } from '#events/vocabulary.ts'
import type { OpenPlace } from '#publishing/testing/contract-place.ts'
import { createBucket, provideS3, s3Credentials, type Bucket } from '#test/brokers/s3.ts'
import type { Server } from '#test/brokers/server.ts'
import { emulatorAccount } from '../emulator/credentials.ts'
import type { EmulatorOptions } from '../emulator/start.ts'
import { standIn } from '../stand-in.ts'
import { handleOnce, setUp, woken, type Bench } from './bench.ts'
import { openPlace, type Beside } from './contract-place.ts'

/** A real S3 server, which has buckets of tests, and is read by the emulator as AWS reads S3. */
export interface ImportHouse extends AsyncDisposable {
  readonly server: Server
  /** An account with a bucket of its own. */
  setUp(options?: Partial<EmulatorOptions>, env?: Readonly<Record<string, string>>): Promise<ImportBench>
}

export interface ImportBench extends Bench {
  readonly bucket: Bucket
  readonly imports: true
  /** The settings of the publisher, as variables. */
  readonly env: Readonly<Record<string, string>>
}

/** The account of the emulator, by the key that the S3 server knows. */
export const importAccount = { ...emulatorAccount, ...s3Credentials }

/** A place of the publishers' contract whose disks go by S3. */
export async function openImportPlace(house: ImportHouse): Promise<OpenPlace> {
  return await openPlace({
    account: importAccount,
    async setUp(options) {
      const bench = await house.setUp(options)
      return { bench, beside: besideOf(bench, house) }
    },
  })
}

function besideOf({ bucket }: ImportBench, { server }: ImportHouse): Beside {
  return {
    async settings(via) {
      return {
        IMAGEDROP_EC2_PUBLISHER_IMPORT_BUCKETS: `aws=${bucket.name}`,
        IMAGEDROP_EC2_PUBLISHER_IMPORT_ENDPOINT: await via(server.url),
      }
    },
    async leftovers({ ec2 }) {
      const { ImportSnapshotTasks: tasks = [] } = await ec2.describeImportSnapshotTasks({})
      const alive = tasks.filter(({ SnapshotTaskDetail: detail }) => detail?.Status === 'active')
      return [...(await bucket.keys()), ...(await bucket.unfinished()), ...alive.map(({ ImportTaskId: id = '' }) => id)]
    },
  }
}

let buckets = 0

export async function openImportHouse(): Promise<ImportHouse> {
  const server = await provideS3()
  return {
    server,
    async setUp(options = {}, env = {}) {
      buckets += 1
      const bucket = await createBucket(server.url, `disks-${String(process.pid)}-${String(buckets)}`)
      const own = {
        IMAGEDROP_EC2_PUBLISHER_IMPORT_BUCKETS: `aws=${bucket.name}`,
        IMAGEDROP_EC2_PUBLISHER_IMPORT_ENDPOINT: server.url,
        IMAGEDROP_EC2_PUBLISHER_IMPORT_PART_MIB: '5',
        ...env,
      }
      const bench = await setUp(
        { accounts: [importAccount, emulatorAccount], s3: { url: server.url, credentials: s3Credentials }, ...options },
        own,
        importAccount,
      )
      const dispose = bench[Symbol.asyncDispose].bind(bench)
      return Object.assign(bench, {
        bucket,
        imports: true as const,
        env: { ...standIn.settings(bench.emulator.url), ...own },
        async [Symbol.asyncDispose]() {
          bucket[Symbol.dispose]()
          await dispose()
        },
      })
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

type Event = Parameters<typeof handleOnce>[1]

/** Wakes the job until it waits no more; tells what it waited for. */
export async function followImport(bench: ImportBench, event: Event, onWait = () => {}) {
  const signal = AbortSignal.timeout(60_000)
  const waits: string[] = []
  let said = await handleOnce(bench, event, { signal })
  while (said.wait !== undefined) {
    waits.push(said.wait.reason)
    onWait()
    await sleep(10)
    said = await handleOnce(bench, event, { ...woken(said), signal })
  }
  return { events: [...said.events], waits }
}

/** Keeps a sparse disk of three parts: data in each, a hole over the end of one, and a ragged end. */
export async function keepLargeDisk(artifacts: ArtifactStore): Promise<ArtifactRef> {
  const mebibyte = 1024 * 1024
  await using draft = await artifacts.draft('disk.raw')
  await writeFile(draft.path, '')
  await truncate(draft.path, 11 * mebibyte + 512)
  {
    await using file = await open(draft.path, 'r+')
    for (const at of [0, 7 * mebibyte, 11 * mebibyte]) await file.write(randomBytes(512), 0, null, at)
  }
  return await artifacts.keep(draft, { format: 'raw' })
}
