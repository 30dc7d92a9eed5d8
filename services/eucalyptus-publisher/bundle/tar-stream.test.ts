import { expect, it } from 'vitest'
import { run } from '#subprocess/run.ts'
import { tarStream } from './tar-stream.ts'

const program = `
import sys, tarfile
for size in map(int, sys.argv[1:]):
    member = tarfile.TarInfo('disk')
    member.size = size
    print(member.tobuf(tarfile.GNU_FORMAT).hex())
`

it('begins an archive as Python does, also of more than 8 GiB', async () => {
  const sizes = [512, 8 * 1024 ** 3 - 1, 8 * 1024 ** 3, 30 * 1024 ** 4]
  const { stdout } = await run('python3', ['-c', program, ...sizes.map(String)])
  const headers: string[] = []
  for (const size of sizes) {
    const archive = tarStream('disk', '/dev/null', size)
    headers.push((await archive.next()).value?.toString('hex') ?? '')
    await archive.return(undefined)
  }
  expect(headers).toEqual(stdout.trim().split('\n'))
})
