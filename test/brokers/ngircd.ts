import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { provideServer, type Server } from './server.ts'
import { greets } from './irc-greeting.ts'

/** Gives a test an ngIRCd: an IRC server that knows the protocol of 1993 and little of what came later. */
export async function provideNgircd(): Promise<Server> {
  return await provideServer({
    name: 'ngIRCd',
    urlVariable: 'IMAGEDROP_TEST_NO_URL',
    program: 'ngircd',
    prepare: ({ folder, port }) => writeFile(join(folder, 'ngircd.conf'), configOf(port)),
    command: ({ folder }, path) => ({ command: path, args: ['-n', '-f', join(folder, 'ngircd.conf')] }),
    url: ({ port }) => `irc://127.0.0.1:${String(port)}`,
    ask: greets,
  })
}

/** Without the brakes that slow down who connects or speaks often. */
const configOf = (port: number) => `
[Global]
Name = irc.example.org
Info = a server for tests
Listen = 127.0.0.1
Ports = ${String(port)}
MotdPhrase = hello
[Limits]
ConnectRetry = 60
MaxConnectionsIP = 0
MaxPenaltyTime = 0
[Options]
DNS = no
Ident = no
PAM = no
`
