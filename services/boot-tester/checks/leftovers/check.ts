import type { Tree } from '#image/tree.ts'
import { below, contentBelow } from '../../disk/below.ts'
import { passedIfNone, type DiskCheck } from '../check.ts'

/** What only a machine that ran can have. */
const traces = [
  /^\/(root|home\/[^/]+)\/\.(\w+_history|history|viminfo|lesshst|wget-hsts)$/,
  /^\/root\/(anaconda-ks|original-ks|initial-setup-ks)\.cfg$/,
  /^\/var\/lib\/cloud\/(instance|instances\/.+|data\/.+|sem\/.+)$/,
  /^\/var\/lib\/(dhcp|dhclient|dhcpcd5?|NetworkManager)\/.*(leases?|secret_key|timestamps|seen-bssids)$/,
  /^\/etc\/udev\/rules\.d\/(70-persistent-net|75-cloud-ifupdown|75-persistent-net-generator)\.rules$/,
  /^\/etc\/(passwd|shadow|group|gshadow|subuid|subgid)-$/,
  /^\/var\/lib\/(rpm|dpkg)\/(__db\.\d+|.*-old)$/,
  /^\/\.(autorelabel|dockerenv|buildenv)$/,
  /^\/(init|kickstart|ks\.cfg|preseed\.cfg)$/,
]

/** What holds nothing in an image that is fresh. */
const emptyFolders = [
  '/tmp',
  '/var/tmp',
  '/run',
  '/var/crash',
  '/var/spool/mail',
  '/var/mail',
  '/var/spool/cron/crontabs',
]

/** Nothing tells of where and how the image was built, or that it ran already. */
export const leftovers: DiskCheck = {
  name: 'leftovers',
  description:
    'nothing is left of the build or of a first boot: no temporary files, shell history, leases, instance data',
  severity: 'error',
  rule: 'AWS, Recommendations for creating shared Linux AMIs, "Protect yourself"; virt-sysprep(1), "Operations"; LISA, verify_bash_history',
  since: '2026-11-26',
  on: 'disk',
  reads: 'files',
  judge: ({ tree }) => passedIfNone([...tracesIn(tree), ...filesIn(tree)], 'none'),
}

function tracesIn(tree: Tree): string[] {
  return [...tree.entries.keys()].filter((path) => traces.some((trace) => trace.test(path)))
}

function filesIn(tree: Tree): string[] {
  const temporary = below(tree, '/tmp', '/var/tmp').map(({ path }) => path)
  return [...new Set([...temporary, ...contentBelow(tree, ...emptyFolders)])]
}
