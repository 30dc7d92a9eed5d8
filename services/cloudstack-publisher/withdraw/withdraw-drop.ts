import type { Pace } from '#publishing/wait.ts'
import type { Template } from '../api/schemas.ts'
import { deleteTemplate, listOwn, setPermissions } from '../api/templates.ts'
import type { Place } from '../places.ts'
import { marked } from '../register/mark.ts'

/** Every template of a drop in one zone, also those that a process that was killed has left. Others' never. */
async function templatesOf({ client, zone }: Place, drop: string, signal: AbortSignal): Promise<Template[]> {
  return (await listOwn(client, zone, null, signal)).filter((one) => marked(one)?.drop === drop)
}

/** Makes private what others may have seen, and removes what never was there whole. Whether something is hidden now. */
export async function hideDrop(place: Place, drop: string, pace: Pace): Promise<boolean> {
  const templates = await templatesOf(place, drop, pace.signal)
  for (const template of templates) {
    const { id, isready, ispublic } = template
    if (!isready) await deleteTemplate(place.client, template, place.zone, pace)
    else if (ispublic) await setPermissions(place.client, id, { ispublic: false, isfeatured: false }, pace.signal)
  }
  return templates.some(({ isready }) => isready)
}

/** Removes every template of the drop. */
export async function removeDrop(place: Place, drop: string, pace: Pace): Promise<void> {
  for (const template of await templatesOf(place, drop, pace.signal))
    await deleteTemplate(place.client, template, place.zone, pace)
}
