import { randomBytes } from 'node:crypto'
import type { Instance } from '../datasource.ts'
import { refuse, text, type Answer, type Answers, type Question } from '../http/answer.ts'
import { lookUp } from '../http/tree.ts'
import { ec2Metadata, identityDocument } from './metadata.ts'

/** `required`: only with a token. `optional`: with or without. `none`: as before 2019, and Eucalyptus still. */
export type Tokens = 'required' | 'optional' | 'none'

/** Versions of the interface; the guest asks for the newest that it knows (`GET /`). */
const versions = ['1.0', '2009-04-04', '2016-09-02', '2018-09-24', '2021-03-23', 'latest']
const oldVersions = ['1.0', '2009-04-04', 'latest']

const ttlHeader = 'x-aws-ec2-metadata-token-ttl-seconds'
const tokenHeader = 'x-aws-ec2-metadata-token'
const longestLife = 21_600

/**
 * The instance metadata service (Amazon EC2 User Guide, "Use the Instance Metadata Service to access instance metadata").
 * What it refuses, it refuses with the status that "Considerations" and "Returned HTTP response codes" give. Its
 * answers' hop limit of 1 is the network's, and cannot be seen by HTTP.
 */
export function imdsAnswers(instance: Instance, tokens: Tokens): Answers {
  const metadata = ec2Metadata(instance)
  const lives = new Map<string, number>()
  const known = tokens === 'none' ? oldVersions : versions

  return (question) => {
    const { method, path } = question
    if (path === '/latest/api/token' && tokens !== 'none') return giveToken(question, lives)
    if (method !== 'GET' && method !== 'HEAD') return refuse(405)
    const refusal = tokens === 'none' ? null : askForToken(question, tokens, lives)
    if (refusal) return refusal
    return tell(path)
  }

  function tell(path: string): Answer {
    const [, version = '', category = '', ...rest] = path.split('/')
    if (version === '') return text(known.join('\n'))
    if (!known.includes(version)) return refuse(404)
    if (category === '' && rest.length === 0) return text(['dynamic', 'meta-data', 'user-data'].join('\n'))
    const below = rest.join('/')
    if (category === 'user-data' && below === '')
      return { status: 200, headers: { 'content-type': 'application/octet-stream' }, body: instance.userData }
    if (category === 'meta-data') return found(lookUpKeys(below) ?? lookUp(metadata, below))
    const dynamic = { 'instance-identity': { document: identityDocument(instance) } }
    if (category === 'dynamic' && tokens !== 'none') return found(lookUp(dynamic, below))
    return refuse(404)
  }
}

/** Keys are listed by number and name (`0=my-key`), and are folders all the same. */
function lookUpKeys(path: string): string | null {
  return path === 'public-keys' || path === 'public-keys/' ? '0=boot-test' : null
}

function found(value: string | null): Answer {
  return value === null ? refuse(404) : text(value)
}

/** "PUT requests that contain an X-Forwarded-For header are rejected"; a life is 1 to 21,600 seconds. */
function giveToken({ method, headers, at }: Question, lives: Map<string, number>): Answer {
  if (method !== 'PUT') return refuse(405, '', { allow: 'OPTIONS, PUT' })
  if (headers['x-forwarded-for'] !== undefined) return refuse(403)
  const wanted = headers[ttlHeader]
  const seconds = typeof wanted === 'string' && /^\d{1,5}$/.test(wanted) ? Number(wanted) : 0
  if (seconds < 1 || seconds > longestLife) return refuse(400)
  const token = `AQAEA${randomBytes(36).toString('base64url')}==`
  lives.set(token, at.getTime() + seconds * 1000)
  return text(token, { [ttlHeader]: String(seconds) })
}

/** "401 - Unauthorized: the GET request uses an invalid token"; without one only where version 1 is still allowed. */
function askForToken({ headers, at }: Question, tokens: Tokens, lives: ReadonlyMap<string, number>): Answer | null {
  const token = headers[tokenHeader]
  if (token === undefined) return tokens === 'required' ? refuse(401) : null
  const until = typeof token === 'string' ? lives.get(token) : undefined
  return until !== undefined && at.getTime() < until ? null : refuse(401)
}
