import { isStruct, type Value } from '../../../services/builder/engines/koji/rpc/value.ts'
import type { Nvr } from './builds.ts'
import { str } from './python.ts'
import type { Task } from './world.ts'

/** The files of one child: what becomes part of the build, what its logs are, and what just lies there. */
export interface ChildFiles {
  readonly images: readonly string[]
  readonly files: readonly string[]
  readonly logs: readonly string[]
  readonly rest: readonly string[]
}

/** The files that kojid's handlers upload, by the method of the child. */
export function filesOf(child: Task, { name, version, release }: Nvr, buildTag: string, opts: Value): ChildFiles {
  const { arch, id } = child
  const given = isStruct(opts) ? opts : {}
  const kickstart =
    str(given['kickstart'] ?? child.request[7] ?? 'image.ks')
      .split('/')
      .at(-1) ?? 'image.ks'
  const nvr = `${name}-${version}-${release}`
  const number = String(id)
  switch (child.method) {
    case 'createImage': {
      const formats =
        Array.isArray(given['format']) && given['format'].length > 0 ? given['format'].map(String) : ['raw']
      const images = formats.map((format) => `${nvr}.${arch}.${suffixOf(format)}`)
      const kickstart =
        str(given['kickstart'] ?? 'image.ks')
          .split('/')
          .at(-1) ?? 'image.ks'
      return {
        images,
        files: [
          `tdl-${arch}.xml`,
          kickstart,
          `koji-${buildTag}-${number}-base.ks`,
          ...formats.flatMap((format, index) => [`libvirt-${format}-${arch}.xml`, images[index] ?? '']),
        ],
        logs: [`oz-${arch}.log`],
        rest: formats.filter((format) => format !== 'raw').map((format) => `qemu-img-${format}-${arch}.log`),
      }
    }
    case 'createAppliance': {
      const images = [`${nvr}-sda.raw`]
      const logs = ['appliance.log', kickstart, `koji-${buildTag}-${number}.ks`, ...mockLogs]
      return { images, files: [...images, `${nvr}.xml`], logs, rest: [] }
    }
    case 'createLiveMedia': {
      const images = [`${name}-${arch}-${version}-${release}.iso`]
      const logs = ['livemedia-out.log', kickstart, `koji-${buildTag}-${number}.ks`, ...mockLogs]
      return {
        images,
        files: images,
        logs,
        rest: ['anaconda-packaging.log', 'anaconda-program.log', 'lmc-logs.tar', 'manifest.log'],
      }
    }
    case 'createKiwiImage': {
      const attributes = Array.isArray(given['type_attr']) ? given['type_attr'].map(String) : []
      const images = [`${nvr}.${arch}.${attributes.includes('format=qcow2') ? 'qcow2' : 'raw.xz'}`]
      const files = [...images, `${nvr}.${arch}.packages`, `${nvr}.${arch}.verified`]
      const description = str(child.request[8]).split('/').at(-1) ?? ''
      const rest = [`checkout-${arch}.log`, `image-root.${arch}.log`, `kiwi-result-bundle.${arch}.log`, ...mockLogs]
      return { images, files, logs: [description.replace(/kiwi$/, `${arch}.kiwi`)], rest }
    }
    case 'imageBuilderBuildArch': {
      const type = str((child.request[4] as readonly Value[] | undefined)?.[0] ?? '')
      const images = [`${nvr}.${arch}.${type.includes('qcow2') ? 'qcow2' : 'raw.xz'}`]
      const spdx = [`${nvr}.${arch}.image-os.spdx.json`, `${nvr}.${arch}.buildroot-build.spdx.json`]
      const files = [...images, `${nvr}.${arch}.osbuild-manifest.json`, ...spdx]
      return { images, files, logs: [], rest: [`image-builder.${arch}.log`, ...mockLogs] }
    }
    default:
      return { images: [], files: [], logs: [], rest: [] }
  }
}

/** What mock leaves of every build in a chroot. */
const mockLogs = ['build.log', 'root.log', 'mock_output.log']

function suffixOf(format: string): string {
  if (/ova/.test(format) || ['raw-xz', 'liveimg-squashfs', 'tar-gz'].includes(format)) return format.replace('-', '.')
  if (/vagrant/.test(format)) return `${format}.box`
  return { docker: 'tar.xz', vpc: 'vhd' }[format] ?? format
}

/** The formats that kojid's Oz handler knows. */
export const ozFormats = new Set([
  'docker',
  'liveimg-squashfs',
  'qcow',
  'qcow2',
  'raw',
  'raw-xz',
  'rhevm-ova',
  'tar-gz',
  'vagrant-hyperv',
  'vagrant-libvirt',
  'vagrant-virtualbox',
  'vagrant-vmware-fusion',
  'vdi',
  'vmdk',
  'vpc',
  'vsphere-ova',
])
