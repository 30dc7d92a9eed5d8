import { basename, dirname } from 'node:path'
import { imageKey, type Registration } from '#events/vocabulary.ts'
import type { Publishing } from '#service/step.ts'
import type { PlannedImage, TreePlan } from '../plan-tree.ts'
import { keyPathOf } from '../signing/public-key.ts'
import { sigstoreKeyPathOf } from '../signing/sigstore.ts'
import { sumsName } from '../signing/sums.ts'
import type { Setting } from './maker.ts'

type Facts = Omit<Setting, 'maker'>

/** The README of a drop: what is here, how to start an image in each place, and how to verify a download. */
export function formatReadme(plan: TreePlan, facts: Facts): string {
  const sections = [titleOf(plan), filesOf(plan, facts), startOf(plan, facts), verifyOf(plan, facts), reportOf(plan)]
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`
}

function titleOf({ drop, identity: { kind, milestone, compose } }: TreePlan): string[] {
  const title = `${compose.short} ${compose.version} cloud images`
  return [
    title,
    '='.repeat(title.length),
    '',
    `Drop     ${drop}`,
    `Compose  ${compose.id}${compose.label === null ? '' : ` (${compose.label})`}`,
    `Kind     ${milestone ?? kind}`,
    '',
    'Every image here was built from that compose, booted and checked before it was published.',
  ]
}

function filesOf({ images }: TreePlan, { downloads }: Facts): string[] {
  const seen = images.some((image) => image.seen.length > 0)
  return [
    'Files',
    '-----',
    ...images.flatMap(({ stem, files, of }) => [
      `${imageKey(of.image)}: ${dirname(stem)}/`,
      ...files.map(({ path }) => `  ${basename(path)}`),
    ]),
    '',
    'Beside each image: .packages.json, what is installed in it; .spdx.json, the same as an SPDX 2.3 bill of materials.',
    ...(images.some((image) => image.description.length > 0)
      ? ['.description.txt, what the build engine was told, and what it tells of it.']
      : []),
    ...(seen
      ? [
          '.provenance.json says how it was made (in-toto statement, SLSA provenance v1), .boot-test.json what the boot test',
          'checked, .console.log and .screenshot.png what the machine under test showed.',
        ]
      : []),
    ...(downloads?.metalink === true
      ? ['.meta4 is for clients that fetch from many mirrors at once and check as they go: aria2c IMAGE.qcow2.meta4']
      : []),
    ...(downloads?.torrent === true ? ['.torrent is for BitTorrent; mirrors are its seeds.'] : []),
    'For the drop: drop.json, every file with its digest; images.json, the images as productmd reads them.',
  ]
}

function startOf({ images }: TreePlan, { publishings }: Facts): string[] {
  // One that is made for no other place starts anywhere.
  const plain = images.toSorted((one, other) => one.of.image.targets.length - other.of.image.targets.length)
  const disk = plain.flatMap(({ files }) => files).find(({ artifact }) => artifact.format === 'qcow2')
  return [
    'Start',
    '-----',
    ...images.flatMap((image) => registered(image, publishings)),
    ...(disk === undefined
      ? []
      : [
          'In any cloud that imports qcow2, and on a hypervisor of your own; the first user and the SSH key come from the',
          "cloud's metadata, or here from files of your own:",
          '  virt-install --import --memory 2048 --osinfo detect=on,require=off \\',
          '    --cloud-init user-data=user-data,meta-data=meta-data \\',
          `    --disk ${basename(disk.path)}`,
        ]),
    'From a raw.xz: xz -dc IMAGE.raw.xz | dd of=/dev/DISK bs=4M conv=sparse',
  ]
}

function registered({ of }: PlannedImage, publishings: Facts['publishings']): string[] {
  const byTarget = Map.groupBy(of.registrations, ({ target }) => target)
  return [...byTarget].flatMap(([target, registrations]) => {
    const publishing = publishings.get(target)
    return [
      `${publishing?.title ?? target}, ${imageKey(of.image)}:`,
      ...registrations.map((one) => `  ${launch(one, publishing)}${one.emulated ? '  (emulated: there is none)' : ''}`),
      '',
    ]
  })
}

function launch({ place, id, name }: Registration, publishing: Publishing | undefined): string {
  const command = publishing?.launch ?? '{id} in {place} ({name})'
  return command.replaceAll('{place}', place).replaceAll('{id}', id).replaceAll('{name}', name)
}

function verifyOf({ path, sha512 }: TreePlan, { signer, sigstore }: Facts): string[] {
  const up = path.split('/').map(() => '..')
  const above = (file: string) => [...up, file].join('/')
  const key = signer && above(keyPathOf(signer.key))
  return [
    'Verify',
    '------',
    ...(signer && key !== null
      ? [
          `${sumsName} is signed with the OpenPGP key`,
          `  ${signer.key.fingerprint}`,
          'Compare the fingerprint with one from elsewhere: a mirror that changes files can change this line. Then',
          `  gpg --dearmor < ${key} > key.gpg`,
          `  gpgv --keyring ./key.gpg ${sumsName}.gpg ${sumsName}`,
        ]
      : ['Nothing here is signed: checksums tell a damaged download, and no more.']),
    `  sha256sum --check --ignore-missing ${sumsName}`,
    'The same files are in each folder of images, for one image and its folder alone; so are CHECKSUM files',
    `${signer ? '(clear-signed) ' : ''}in the form of Fedora${sha512 ? ', and SHA512SUMS in that of Debian' : ''}.`,
    ...(sigstore
      ? [
          'With Sigstore, by the key on this mirror:',
          `  cosign verify-blob --key ${above(sigstoreKeyPathOf(sigstore))} --insecure-ignore-tlog \\`,
          `    --bundle ${sumsName}.sigstore.json ${sumsName}`,
        ]
      : []),
    'All of it at once, signature, checksums, bills of materials and provenance, from an image back to its compose:',
    '  imagedrop verify --key KEYFILE .',
  ]
}

function reportOf({ images }: TreePlan): string[] {
  return [
    'Boot tests',
    '----------',
    ...images.map(({ of }) => {
      const passed = of.checks.filter(({ outcome }) => outcome === 'passed').length
      return `${imageKey(of.image)}: ${String(passed)} of ${String(of.checks.length)} checks passed`
    }),
  ]
}
