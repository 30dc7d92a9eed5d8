import { deleteImage, listImages, type Glance } from '#openstack/glance.ts'
import { patiently, pollUntil, type Pace } from '#publishing/wait.ts'
import { TransientError } from '#service/errors.ts'
import { isAbandoned } from './label.ts'
import { deleteKey, deleteServer, findServer, listKeys, listServers, type Nova } from './nova.ts'

/** A project in a cloud, by the services that we use. */
export interface Project {
  readonly nova: Nova
  readonly glance: Glance
}

/** The key of a server's metadata whose value is our label; images and keys have the label for a name. */
export const labelKey = 'imagedrop_boot_test'
/** Images of ours are found by it. */
export const imageTag = 'imagedrop-boot-test'

/** Removes what abandoned boots have left, whoever made them. Gives their labels. */
export async function removeAbandoned(project: Project, now: Date, pace: Pace): Promise<string[]> {
  return await removeLabelled(project, (label) => isAbandoned(label, now), pace)
}

/**
 * Removes every server, key and image whose label is meant, and resolves when they are gone. What is made may be not known
 * to us by its id, as when we were ended while we asked for it: so it is looked for.
 */
export async function removeLabelled(
  { nova, glance }: Project,
  isMeant: (label: string) => boolean,
  pace: Pace,
): Promise<string[]> {
  const { signal } = pace
  const servers = (await listServers(nova, signal)).flatMap(({ id, metadata }) => {
    const label = metadata[labelKey]
    return label !== undefined && isMeant(label) ? [{ id, label }] : []
  })
  for (const { id } of servers) await deleteServer(nova, id, signal)
  for (const { id } of servers) {
    const look = async () => ((await findServer(nova, id, signal)) === null ? true : null)
    await pollUntil(`${nova.place}: the server ${id} gone`, look, pace)
  }
  const keys = (await listKeys(nova, signal)).filter(isMeant)
  for (const name of keys) await deleteKey(nova, name, signal)
  const images = (await listImages(glance, { tag: imageTag }, signal)).filter(
    ({ name }) => name !== null && isMeant(name),
  )
  // A store that makes disks of images by reference lets an image go a moment after its last server.
  const passes = (error: unknown) => error instanceof TransientError
  for (const { id } of images) await patiently(() => deleteImage(glance, id, signal), passes, pace)
  return [...new Set([...servers.map(({ label }) => label), ...keys, ...images.map(({ name }) => name ?? '')])]
}
