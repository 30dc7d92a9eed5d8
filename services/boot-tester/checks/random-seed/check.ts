import { passedIfNone, type DiskCheck } from '../check.ts'

const places = [
  '/var/lib/systemd/random-seed',
  '/var/lib/random-seed',
  '/var/lib/urandom/random-seed',
  '/var/lib/systemd/credential.secret',
  '/boot/loader/random-seed',
  '/efi/loader/random-seed',
]

/** No two machines begin with one secret. */
export const randomSeed: DiskCheck = {
  name: 'random-seed',
  description: 'no random seed and no secret of systemd is in the image',
  severity: 'error',
  rule: 'systemd, Safely building images, "Resources to reset"',
  since: '2026-11-26',
  on: 'disk',
  reads: 'files',
  judge: ({ tree, esp }) => {
    const onEsp = (esp?.files ?? []).filter((file) => file.toLowerCase() === '/loader/random-seed')
    const onRoot = places.filter((place) => tree.find(place)?.type === 'file')
    return passedIfNone([...onRoot, ...onEsp.map((file) => `ESP: ${file}`)], 'none')
  },
}
