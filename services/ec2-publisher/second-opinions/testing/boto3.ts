import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Emulator } from '../../emulator/start.ts'
import { emulatorAccount } from '../../emulator/credentials.ts'

/** What AWS's own library for Python made of a call. */
export interface Said {
  readonly answer?: unknown
  /** AWS's code of the refusal. */
  readonly refusal?: string
  /** What of the answer the library's description of the service does not know. */
  readonly unknown: readonly string[]
}

export interface Call {
  readonly service: 'ec2' | 'ebs' | 'iam' | 'service-quotas' | 'ssm'
  /** As the library has it: `describe_images`. */
  readonly operation: string
  readonly parameters?: object
  readonly region?: string
}

/** The library, in a process of its own. */
export interface Boto3 extends AsyncDisposable {
  call(cloud: Pick<Emulator, 'url'>, call: Call): Promise<Said>
}

/** Starts it from an environment that has boto3. */
export function startBoto3(bin: string): Boto3 {
  const { accessKeyId, secretAccessKey } = emulatorAccount
  const program = join(import.meta.dirname, 'boto3_calls.py')
  const peer = spawn(join(bin, 'python'), [program, accessKeyId, secretAccessKey], {
    env: { AWS_EC2_METADATA_DISABLED: 'true', HOME: '/nonexistent' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(peer, 'exit')
  // A process that has died is told by its missing answer.
  peer.stdin.on('error', () => {})
  const lines = createInterface(peer.stdout)[Symbol.asyncIterator]()
  return {
    async call({ url: endpoint }, { region = 'us-east-1', parameters = {}, ...call }) {
      peer.stdin.write(`${JSON.stringify({ endpoint, region, parameters, ...call })}\n`)
      const { value: line, done } = await lines.next()
      if (done === true) throw new Error(`boto3 ended at ${call.operation}`)
      return JSON.parse(line) as Said
    },
    async [Symbol.asyncDispose]() {
      peer.stdin.end()
      await ended
    },
  }
}
