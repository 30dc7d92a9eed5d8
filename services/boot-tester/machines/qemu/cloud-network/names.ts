import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'

const dnsPort = 53
const ipv4 = 1
const internet = 1
const noSuchName = 3
const headerBytes = 12

/** Answers for a cloud's few names, and says of all others at once that there are none. */
export async function serveNames(names: ReadonlyMap<string, string>, address: string, port = dnsPort): Promise<Socket> {
  const socket = createSocket('udp4')
  socket.on('message', (query, { address: host, port: from }) => {
    const answer = answerQuery(query, names)
    if (answer) socket.send(answer, from, host)
  })
  socket.bind(port, address)
  await once(socket, 'listening')
  // A guest that is gone is no reason to end.
  socket.on('error', () => {})
  return socket
}

/** Answers one question (RFC 1035, section 4), or null when it is none. */
export function answerQuery(query: Buffer, names: ReadonlyMap<string, string>): Buffer | null {
  const question = readQuestion(query)
  if (!question) return null
  const address = names.get(question.name)
  const answers = address !== undefined && question.type === ipv4 ? [addressRecord(address)] : []
  const header = Buffer.from(query.subarray(0, headerBytes))
  // An answer, with authority, to a question that wanted recursion, which is available.
  header.writeUInt16BE(0x8580 | (address === undefined ? noSuchName : 0), 2)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(answers.length, 6)
  header.writeUInt32BE(0, 8)
  return Buffer.concat([header, query.subarray(headerBytes, question.end), ...answers])
}

function readQuestion(query: Buffer): { name: string; type: number; end: number } | null {
  const isOneQuestion =
    query.length > headerBytes && (query.readUInt16BE(2) & 0x8000) === 0 && query.readUInt16BE(4) === 1
  if (!isOneQuestion) return null
  const labels: string[] = []
  let at = headerBytes
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    if (length > 63) return null
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  const end = at + 5
  if (end > query.length) return null
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end }
}

function addressRecord(address: string): Buffer {
  const seconds = 60
  const record = Buffer.alloc(16)
  // The name is the one of the question.
  record.writeUInt16BE(0xc000 | headerBytes, 0)
  record.writeUInt16BE(ipv4, 2)
  record.writeUInt16BE(internet, 4)
  record.writeUInt32BE(seconds, 6)
  record.writeUInt16BE(4, 10)
  record.set(address.split('.').map(Number), 12)
  return record
}
