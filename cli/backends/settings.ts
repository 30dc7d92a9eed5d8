import { z } from 'zod'
import { readConfig } from '#service/config.ts'

type Environment = Readonly<Record<string, string | undefined>>

const list = z.string().transform((text) =>
  text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== ''),
)
/** Which services speak from an account that is not named after one. */
const speakers = z
  .string()
  .regex(
    /^([^=,\s]+=[a-z0-9*+-]+(,|$))*$/,
    'expected accounts with services: imagedrop-worker=builder+converter,bridge=*',
  )
  .default('')
  .transform((text) => {
    const entries = text.split(',').filter((one) => one !== '')
    return new Map(
      entries.map((entry) => entry.split('=')).map(([name = '', services = '']) => [name, services.split('+')]),
    )
  })
const path = z.string().min(1)
const tls = { ca: path.optional(), cert: path.optional(), key: path.optional() }

/**
 * Settings of the bus, `IMAGEDROP_BUS_*`. Without a URL it is the one within the process. A bridge has two buses,
 * each with a prefix of its own.
 */
export function readBusSettings(env: Environment, prefix: 'BUS' | 'BRIDGE_FROM' | 'BRIDGE_TO' = 'BUS') {
  return readConfig(
    prefix,
    {
      url: z.url({ protocol: /^(amqps?|nats|tls)$/ }).optional(),
      ...tls,
      account: z.string().default('').describe('Our account, when neither URL nor certificate name it'),
      accountPrefix: path.default('imagedrop-').describe("Before a service's name in that of its account"),
      accounts: speakers.describe('Accounts of several services: imagedrop-worker=builder+converter,bridge=*'),
      unsigned: z.stringbool().default(false).describe('AMQP: take what services of before say, without a sender'),
      topicPrefix: z.string().default('').describe('Before each of our subjects: org.fedoraproject.prod'),
      prefetch: z.coerce.number().int().min(1).max(10_000).default(250),
      deliveryLimit: z.coerce.number().int().min(1).max(1_000).default(20),
      confirmSeconds: z.coerce
        .number()
        .int()
        .min(1)
        .max(600)
        .default(30)
        .describe('How long the broker may take to store'),
      heartbeatSeconds: z.coerce
        .number()
        .int()
        .min(1)
        .max(600)
        .default(10)
        .describe('AMQP: how soon a dead wire is noticed'),
      exchange: path.default('amq.topic').describe('AMQP: the topic exchange'),
      foreignExchanges: list.default([]).describe('AMQP: more exchanges to hear composes on: zmq.topic'),
      queuePrefix: path.default('imagedrop.').describe('AMQP: before the name of each queue'),
      queueNames: z.enum(['service', 'uuid']).default('service').describe('AMQP: uuid on the public broker'),
      passive: z.stringbool().default(false).describe('AMQP: declare nothing, only check that it is there'),
      stream: path.default('IMAGEDROP').describe('NATS: the stream'),
      replicas: z.coerce.number().int().min(1).max(5).default(1).describe('NATS: copies of the stream'),
      nkeySeed: path.optional().describe('NATS: file with the seed of an nkey'),
      credentials: path.optional().describe('NATS: credentials file'),
    },
    env,
  )
}
export type BusSettings = ReturnType<typeof readBusSettings>

/** Settings of the ledger, `IMAGEDROP_LEDGER_*`. Without a URL it is SQLite in the state folder. */
export function readLedgerSettings(env: Environment) {
  return readConfig(
    'LEDGER',
    {
      url: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
      ...tls,
      poolSize: z.coerce.number().int().min(2).max(100).default(6),
    },
    env,
  )
}
export type LedgerSettings = ReturnType<typeof readLedgerSettings>

/** Settings of the artifact store, `IMAGEDROP_ARTIFACTS_*`. Without a URL it is a folder in the state folder. */
export function readArtifactSettings(env: Environment) {
  return readConfig(
    'ARTIFACTS',
    {
      url: z
        .string()
        .regex(/^(\/|s3:\/\/[a-z0-9.-]+)/, 'an absolute path of a folder, or s3://bucket/prefix')
        .optional(),
      endpoint: z.url().optional().describe('S3: the address of a server of your own'),
      region: z.string().min(1).optional(),
      checksums: z.enum(['required', 'supported']).default('supported').describe('S3: `required` for S3-compatibles'),
      cacheGib: z.coerce.number().positive().default(50).describe('S3: bound of the local copies'),
    },
    env,
  )
}
export type ArtifactSettings = ReturnType<typeof readArtifactSettings>
