import { connect } from 'node:net'

/** Resolves when a server answers an IRC client; it is asked before it knows our name. */
export async function greets(url: string): Promise<void> {
  const { hostname, port } = new URL(url)
  await new Promise<void>((resolve, reject) => {
    const socket = connect(Number(port), hostname)
    socket.setTimeout(2000, () => socket.destroy(new Error('no greeting')))
    socket.once('error', reject)
    socket.once('close', () => {
      reject(new Error('no greeting'))
    })
    socket.once('connect', () => socket.write('CAP LS\r\n'))
    socket.once('data', () => {
      resolve()
      socket.destroy()
    })
  })
}
