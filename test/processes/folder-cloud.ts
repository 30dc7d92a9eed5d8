import { createHash } from 'node:crypto'
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Registration } from '#events/vocabulary.ts'
import type { Cloud } from '../../services/ec2-publisher/cloud.ts'

/**
 * A cloud in a folder, for many drops through many processes. As EC2 does, it holds one image per name: RegisterImage
 * answers InvalidAMIName.Duplicate to a second one. It remembers each refusal, since none should happen.
 */
export function createFolderCloud(folder: string): Cloud {
  const pathOf = (name: string) => join(folder, encodeURIComponent(name))
  return {
    async upload({ name, disk }) {
      await mkdir(folder, { recursive: true })
      const existing = await readFile(pathOf(name), 'utf8').catch(() => null)
      const registration = existing === null ? await register(name) : (JSON.parse(existing) as Registration)
      const nothing = { missing: [], pending: [], usable: [], importing: false }
      return { ...nothing, registrations: [registration], bytes: disk.size }
    },
    async publish(registrations) {
      for (const { name } of registrations) await appendFile(join(folder, 'public'), `${name}\n`)
      return { registrations, missing: [], unnamed: [] }
    },
    tryOut: () => Promise.resolve(null),
    abandon: () => Promise.resolve(),
    withdraw: () => Promise.resolve([]),
    audit: () => Promise.resolve({ places: [], findings: [] }),
  }

  async function register(name: string): Promise<Registration> {
    const id = createHash('sha256').update(name).digest('hex').slice(0, 17)
    const registration: Registration = {
      target: 'ec2',
      emulated: true,
      place: 'us-east-1',
      id: `ami-${id}`,
      name,
      details: { snapshot: `snap-${id}` },
    }
    try {
      await writeFile(pathOf(name), JSON.stringify(registration), { flag: 'wx' })
    } catch (error) {
      await appendFile(join(folder, 'refused'), `InvalidAMIName.Duplicate ${name}\n`)
      throw error
    }
    return registration
  }
}
