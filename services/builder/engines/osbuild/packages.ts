import { z } from 'zod'

const rpmList = z.array(
  z.object({ name: z.string(), epoch: z.int(), version: z.string(), release: z.string(), arch: z.string() }),
)

/** image-builder's list of packages (the form that Koji takes) as the list that every engine gives. */
export function packageList(text: string): string {
  const packages = rpmList.parse(JSON.parse(text)).map(({ name, epoch, version, release, arch }) =>
    JSON.stringify({
      name,
      version: `${epoch > 0 ? `${String(epoch)}:` : ''}${version}-${release}`,
      architecture: arch,
    }),
  )
  return `{"packages":[\n${packages.toSorted().join(',\n')}\n]}\n`
}
