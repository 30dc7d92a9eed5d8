import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { TransientError } from '#service/errors.ts'
import { ControlRefused, listenForControl, type Control, type ControlPort } from './control.ts'

let folder: string
let port: ControlPort

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'control-'))
  port = await listenForControl(join(folder, 'control'))
})

afterEach(async () => {
  await port[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const greeting = '{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}}, "capabilities": ["oob"]}}\r\n'

/** What a QEMU would be at the other end: it greets, and answers each command as told. */
async function connectTo(
  answers: Record<string, object>,
): Promise<{ control: Control; peer: Socket; events: string[] }> {
  const events: string[] = []
  const accepted = port.accept(
    (event, data) => events.push(`${event} ${JSON.stringify(data)}`),
    AbortSignal.timeout(5_000),
  )
  const peer = connect(join(folder, 'control'))
  await once(peer, 'connect')
  peer.write(greeting)
  peer.on('data', (bytes: Buffer) => {
    for (const line of bytes.toString().trim().split('\n')) {
      const { execute, id } = JSON.parse(line) as { execute: string; id: number }
      const answer = execute === 'qmp_capabilities' ? { return: {} } : answers[execute]
      if (answer) peer.write(`${JSON.stringify({ ...answer, id })}\r\n`)
    }
  })
  return { control: await accepted, peer, events }
}

it('a command gets its own answer, whatever else is under way', async () => {
  const { control } = await connectTo({ 'query-status': { return: { running: true } }, 'query-name': { return: {} } })
  using _ = control
  const [status, name] = await Promise.all([control.execute('query-status'), control.execute('query-name')])
  expect(status).toEqual({ running: true })
  expect(name).toEqual({})
})

it('a refused command says why', async () => {
  const { control } = await connectTo({ screendump: { error: { class: 'GenericError', desc: 'no console' } } })
  using _ = control
  const refused = control.execute('screendump', { filename: '/x' })
  await expect(refused).rejects.toThrow(ControlRefused)
  await expect(refused).rejects.toThrow('GenericError: no console')
})

it('events come in pieces and are put together', async () => {
  const { control, peer, events } = await connectTo({})
  using _ = control
  peer.write('{"timestamp": {"seconds": 1}, "event": "SHUT')
  await new Promise(setImmediate)
  peer.write('DOWN", "data": {"guest": true, "reason": "guest-reset"}}\r\n')
  await expect.poll(() => events).toEqual(['SHUTDOWN {"guest":true,"reason":"guest-reset"}'])
})

it('whoever waits for an answer hears that QEMU is gone, and so does who asks later', async () => {
  const { control, peer } = await connectTo({})
  const waiting = control.execute('query-status')
  peer.destroy()
  await expect(waiting).rejects.toThrow(TransientError)
  await expect(control.execute('query-status')).rejects.toThrow('QEMU closed its control connection')
})

it('a peer that does not speak the protocol is hung up on', async () => {
  const { control, peer } = await connectTo({})
  const waiting = control.execute('query-status')
  peer.write('HTTP/1.1 200 OK\r\n')
  await expect(waiting).rejects.toThrow(TransientError)
})

it('waiting for a QEMU that never connects can be given up', async () => {
  const signal = AbortSignal.timeout(50)
  await expect(port.accept(() => {}, signal)).rejects.toThrow(/abort/i)
})
