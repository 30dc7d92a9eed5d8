import { imageDescription } from './bench.ts'

const kickstarted = 'flavours:\n  generic: { name: Fedora-Cloud-Base }\n'

/** A description for each way in which Koji builds images. */
export const descriptions = {
  image: imageDescription,
  appliance: `build: appliance\ntarget: f43\nmemoryMegabytes: 1024\n${kickstarted}`,
  livemedia: `build: livemedia\ntarget: f43\narchitectures: [x86_64, aarch64]
flavours:\n  generic: { name: Fedora-Workstation-Live, volume: Fedora-43 }\n`,
  kiwi: `build: kiwi\ntarget: f43\narchitectures: [x86_64, aarch64]\noptional: [aarch64]
source: git+https://pagure.example.org/fedora-kiwi-descriptions.git#0123abc\ndescription: Fedora.kiwi
attributes: [format=qcow2]
flavours:\n  generic: { profile: Cloud-Base-Generic }\n`,
  osbuild: `build: osbuild\ntarget: f43\narchitectures: [x86_64]\ndistro: fedora-43
flavours:\n  generic: { name: Fedora-Cloud-Base, type: generic-qcow2 }\n`,
  'image-builder': `build: image-builder\ntarget: f43\narchitectures: [x86_64, aarch64]\ndistro: fedora-43\nseed: 42
flavours:\n  generic: { name: Fedora-Cloud-Base-Generic, type: generic-qcow2 }\n`,
} as const
