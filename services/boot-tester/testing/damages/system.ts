import { dpkgStanza } from '#image/testing/disk.ts'
import { packageStatus } from '../small-cloud-image.ts'
import { label, type DiskDamage } from './damage.ts'

const mebi = 1024 ** 2
const source = (lines: string) => `Types: deb\nURIs: https://deb.debian.org/debian\nSuites: bookworm\n${lines}`

/** Of what is installed and starts. */
export const systemDamages: readonly DiskDamage[] = [
  {
    check: 'package-database',
    what: 'a package was not configured',
    says: /"install ok unpacked"/,
    files: { '/var/lib/dpkg/status': packageStatus(dpkgStanza('other', '1').replace('ok installed', 'ok unpacked')) },
  },
  {
    check: 'package-set',
    what: 'growpart is missing',
    says: /cloud-guest-utils or cloud-utils is missing/,
    files: { '/var/lib/dpkg/status': packageStatus().replace('cloud-guest-utils', 'others') },
  },
  {
    check: 'package-set',
    what: 'a compiler is left',
    says: /gcc is installed/,
    files: { '/var/lib/dpkg/status': packageStatus(dpkgStanza('gcc', '12')) },
  },
  {
    check: 'package-files',
    what: 'a program is changed',
    says: /tool is changed/,
    files: { '/usr/bin/tool': '#!/bin/sh\nrm -rf /\n' },
  },
  {
    check: 'package-files',
    what: 'a program is missing',
    says: /tool is missing/,
    requests: ['rm /usr/bin/tool', 'rm /usr/bin/same-tool'],
  },
  {
    check: 'package-files',
    what: 'configuration is changed',
    says: /tool\.conf is changed/,
    files: { '/etc/tool.conf': 'colour = red\n' },
  },
  {
    check: 'package-sources',
    what: 'there are none',
    says: /no package sources/,
    requests: ['rm /etc/apt/sources.list.d/debian.sources'],
  },
  {
    check: 'package-sources',
    what: 'the mirror of the build is left',
    says: /mirror\.example/,
    files: { '/etc/apt/mirrors/debian.list': 'http://mirror.example.net/debian\n' },
  },
  {
    check: 'package-sources',
    what: 'no key is named',
    says: /no key/,
    files: { '/etc/apt/sources.list.d/debian.sources': source('') },
  },
  {
    check: 'package-sources',
    what: 'the key is not there',
    says: /there is no key/,
    files: { '/etc/apt/sources.list.d/debian.sources': source('Signed-By: /usr/share/keyrings/other.gpg\n') },
  },
  {
    check: 'package-sources',
    what: 'signatures are not asked for',
    says: /does not ask/,
    files: { '/etc/apt/sources.list': 'deb [trusted=yes] https://deb.debian.org/debian bookworm main\n' },
  },
  {
    check: 'package-sources',
    what: 'dnf checks nothing',
    says: /does not ask/,
    requests: ['mkdir /etc/yum.repos.d', label('/etc/yum.repos.d')],
    files: {
      '/etc/yum.repos.d/extra.repo':
        '[extra]\nbaseurl=https://deb.debian.org/rpm\ngpgkey=file:///usr/share/keyrings/archive.gpg\ngpgcheck=0\n',
    },
  },
  {
    check: 'enabled-units',
    what: 'ssh does not start',
    says: /ssh\.service or ssh\.socket is not enabled/,
    requests: ['rm /etc/systemd/system/multi-user.target.wants/ssh.service'],
  },
  {
    check: 'enabled-units',
    what: 'cloud-init is masked',
    says: /cloud-init\.service.* is masked/,
    requests: [
      'symlink /etc/systemd/system/cloud-init.service /dev/null',
      label('/etc/systemd/system/cloud-init.service'),
    ],
  },
  {
    check: 'enabled-units',
    what: 'a unit too many starts',
    says: /miner\.service is enabled/,
    requests: [
      'symlink /etc/systemd/system/multi-user.target.wants/miner.service /lib/systemd/system/miner.service',
      label('/etc/systemd/system/multi-user.target.wants/miner.service'),
    ],
  },
  {
    check: 'system-settings',
    what: 'it boots to a rescue shell',
    says: /default target is rescue\.target/,
    requests: [
      'symlink /etc/systemd/system/default.target /lib/systemd/system/rescue.target',
      label('/etc/systemd/system/default.target'),
    ],
  },
  {
    check: 'system-settings',
    what: 'the time zone is that of the builder',
    says: /time zone is Europe\/Berlin/,
    requests: [
      'rm /etc/localtime',
      'symlink /etc/localtime /usr/share/zoneinfo/Europe/Berlin',
      label('/etc/localtime'),
    ],
  },
  {
    check: 'system-settings',
    what: 'the language is not set',
    says: /language is not set/,
    requests: ['rm /etc/locale.conf'],
  },
  {
    check: 'system-settings',
    what: 'the journal is not kept',
    says: /journal is in memory/,
    requests: ['mkdir /etc/systemd/journald.conf.d', label('/etc/systemd/journald.conf.d')],
    files: { '/etc/systemd/journald.conf.d/off.conf': '[Journal]\nStorage=volatile\n' },
  },
  {
    check: 'selinux-labels',
    what: 'a file has no label',
    says: /tool has no label/,
    requests: ['ea_rm /usr/bin/tool security.selinux'],
  },
  {
    check: 'selinux-labels',
    what: 'a file is labelled unlabeled_t',
    says: /tool has no label/,
    requests: ['ea_set /usr/bin/tool security.selinux system_u:object_r:unlabeled_t:s0'],
  },
  {
    check: 'selinux-labels',
    what: 'the policy is not enforced',
    says: /SELINUX is permissive/,
    files: { '/etc/selinux/config': 'SELINUX=permissive\nSELINUXTYPE=default\n' },
  },
  { check: 'size', what: 'it is twice as large as before', says: /\+100 %/, earlierBytes: 12 * mebi },
]
