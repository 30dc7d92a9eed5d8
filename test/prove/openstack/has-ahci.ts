import { withImage } from '#image/open-image.ts'

/** Whether the kernel of an image can see SATA drives, by what it was configured with. */
export async function hasAhci(path: string, scratch: string): Promise<boolean> {
  return await withImage(path, { scratch }, async ({ tree }) => {
    const name = tree.names('/boot').find((one) => one.startsWith('config-'))
    const settings = name === undefined ? null : await tree.text(`/boot/${name}`)
    if (settings === null) throw new Error(`${path}: /boot has no settings of a kernel`)
    return /^CONFIG_SATA_AHCI=[my]$/m.test(settings)
  })
}
