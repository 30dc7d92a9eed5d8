import { z } from 'zod'
import { InvalidConfig } from '#service/config.ts'
import { tells } from '../destinations.ts'
import { readSettingsFile } from '../../settings-file.ts'
import type { Kind } from '../../story/news.ts'
import type { IrcServer, Saying } from './connection.ts'

/** What is a word in the protocol: nothing in it ends a word or a line. */
const word = z.string().regex(/^[^\s:\p{Cc}][^\s\p{Cc}]*$/u, 'must be one word that begins with no colon')
const line = z.string().regex(/^\P{Cc}*$/u, 'must be one line')

const channelSchema = z.strictObject({
  tells,
  as: z.enum(['notice', 'message']).default('notice'),
  topic: z.boolean().default(false),
  key: word.nullable().default(null),
})

const networkSchema = z.strictObject({
  server: z.url({ protocol: /^ircs?$/ }),
  nick: word.default('imagedrop'),
  realName: line.min(1).default('imagedrop'),
  passwordFile: z.string().nullable().default(null),
  sasl: z
    .union([z.literal('external'), z.strictObject({ account: word, passwordFile: z.string() })])
    .nullable()
    .default(null),
  certFile: z.string().nullable().default(null),
  keyFile: z.string().nullable().default(null),
  caFile: z.string().nullable().default(null),
  stays: z.boolean().default(false),
  flood: z
    .strictObject({ lines: z.int().min(1).max(100), seconds: z.number().min(0).max(60) })
    .default({ lines: 4, seconds: 2 }),
  channels: z.record(
    word.regex(/^[#&+!][^,]*$/, 'must be the name of a channel, as #fedora-cloud').max(64),
    channelSchema.prefault({}),
  ),
})

const fileSchema = z.strictObject({ networks: z.record(word.regex(/^[^/]+$/), networkSchema) })

/** A channel of a network, and what is told there. */
export interface IrcChannel extends Pick<Saying, 'channel' | 'key'> {
  readonly tells: readonly Kind[]
  readonly as: 'NOTICE' | 'PRIVMSG'
  readonly topic: boolean
}

export interface NetworkSettings {
  readonly server: IrcServer
  readonly stays: boolean
  readonly channels: readonly IrcChannel[]
}

const variable = 'IMAGEDROP_ANNOUNCER_IRC_FILE'

/** Reads the file that names the networks. */
export function readIrcSettings(path: string): NetworkSettings[] {
  const { settings, read } = readSettingsFile(variable, path, fileSchema)
  return Object.entries(settings.networks).map(([name, network]) => {
    const refuse = (why: string) => new InvalidConfig(`${variable}: ${path}: networks.${name}: ${why}`)
    return {
      server: serverOf(name, network, { read, refuse }),
      stays: network.stays,
      channels: Object.entries(network.channels).map(([channel, { tells: wanted, as, topic, key }]) => ({
        channel,
        key,
        tells: wanted,
        as: as === 'notice' ? 'NOTICE' : 'PRIVMSG',
        topic,
      })),
    }
  })
}

interface Reading {
  readonly read: (path: string) => string
  readonly refuse: (why: string) => InvalidConfig
}

function serverOf(name: string, network: z.infer<typeof networkSchema>, { read, refuse }: Reading): IrcServer {
  const { server, nick, realName, passwordFile, sasl, certFile, keyFile, caFile, flood } = network
  const url = new URL(server)
  const isSecure = url.protocol === 'ircs:'
  if (url.username !== '' || url.pathname.length > 1 || url.hash !== '') {
    throw refuse(`server: ${server} has more than a host and a port`)
  }
  if (!isSecure && (sasl !== null || passwordFile !== null)) {
    throw refuse(`a password is only given over TLS, and ${server} is not ircs:`)
  }
  if ((certFile === null) !== (keyFile === null)) throw refuse('certFile and keyFile need each other')
  if (sasl === 'external' && certFile === null) throw refuse('sasl: external needs certFile and keyFile')
  return {
    name,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || (isSecure ? 6697 : 6667)),
    tls: isSecure
      ? {
          ...(caFile === null ? {} : { ca: read(caFile) }),
          ...(certFile === null || keyFile === null ? {} : { cert: read(certFile), key: read(keyFile) }),
        }
      : null,
    nick,
    realName,
    password: passwordFile === null ? null : read(passwordFile),
    sasl: saslOf(sasl, read),
    flood,
  }
}

function saslOf(sasl: z.infer<typeof networkSchema>['sasl'], read: Reading['read']): IrcServer['sasl'] {
  if (sasl === null) return null
  if (sasl === 'external') return { mechanism: 'EXTERNAL' }
  return { mechanism: 'PLAIN', account: sasl.account, password: read(sasl.passwordFile) }
}
