import { join } from 'node:path'
import { fedoraKeys, type PackageSources } from '../../packages/sources.ts'
import type { PlannedFile } from '../engine.ts'

const debianKeys = '/usr/share/keyrings/debian-archive-keyring.gpg'

/**
 * The package manager's list of repositories, under the name that mkosi leaves alone when it is there. Left to
 * itself, mkosi adds a suite of debug symbols that most mirrors lack.
 */
export function repositoryFiles(sources: PackageSources, folder: string): PlannedFile[] {
  switch (sources.kind) {
    case 'apt': {
      const stanzas = sources.suites.map(
        ({ url, suite }) => `Types: deb\nURIs: ${url}\nSuites: ${suite}\nComponents: main\nSigned-By: ${debianKeys}\n`,
      )
      return [{ path: join(folder, 'etc/apt/sources.list.d/mkosi.sources'), content: stanzas.join('\n') }]
    }
    case 'dnf': {
      const stanzas = sources.repositories.map(
        (url, index) =>
          `[compose-${String(index + 1)}]\nname=compose-${String(index + 1)}\nbaseurl=${url}\ngpgcheck=1\ngpgkey=${sources.keys ?? fedoraKeys}\nenabled=1\n`,
      )
      return [{ path: join(folder, 'etc/yum.repos.d/mkosi.repo'), content: stanzas.join('\n') }]
    }
    case 'distribution':
      return []
  }
}
