import { providePythonEnvironment } from '#test/brokers/python-venv.ts'
import { provideServer, type Server } from '#test/brokers/server.ts'

/** One environment for all, so that the command line and the library have the same description of AWS. */
const packages = [
  'awscli==1.46.3',
  'boto3==1.44.8',
  'botocore==1.44.8',
  'moto[ec2]==5.2.5',
  // What its server needs; the extra `server` has what all services need.
  'flask==3.1.3',
  'flask-cors==6.0.5',
]

/** Gives the folder of AWS's command line, its library for Python, and moto, which others test their use of AWS against. */
export async function provideAwsTools(): Promise<string> {
  return await providePythonEnvironment('aws-tools', packages)
}

/** Starts moto's server, an emulator of AWS that is not ours, with nothing in it. */
export async function provideMoto(bin: string): Promise<Server> {
  return await provideServer({
    name: 'moto',
    urlVariable: 'IMAGEDROP_TEST_NO_URL',
    program: 'moto_server',
    folders: [bin],
    command: ({ port }, path) => ({
      command: path,
      args: ['-H', '127.0.0.1', '-p', String(port)],
      env: {
        MOTO_EC2_LOAD_DEFAULT_AMIS: 'false',
        // By itself it starts what is not there.
        MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION: 'true',
        MOTO_ENABLE_AMI_VALIDATION: 'true',
      },
    }),
    url: ({ port }) => `http://127.0.0.1:${String(port)}`,
    async ask(url) {
      const { status } = await fetch(`${url}/moto-api/data.json`, { signal: AbortSignal.timeout(5_000) })
      if (status !== 200) throw new Error(`moto says ${String(status)}`)
    },
  })
}
