import { once } from 'node:events'
import { connect, createServer, type ListenOptions, type NetConnectOpts, type Server } from 'node:net'

/** Listens at one place and carries each connection to another, which may be in a network that the caller cannot reach. */
export async function relay(from: ListenOptions, to: NetConnectOpts): Promise<Server> {
  // Either side may stop sending and still listen.
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ ...to, allowHalfOpen: true })
    // An error of one side is the end of both; 'close' follows it.
    near.on('error', () => {})
    far.on('error', () => {})
    near.once('close', () => far.destroy())
    far.once('close', () => near.destroy())
    near.pipe(far)
    far.pipe(near)
  })
  server.listen(from)
  await once(server, 'listening')
  server.on('error', () => {})
  return server
}
