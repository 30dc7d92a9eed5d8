import { pollUntil, type Pace } from '#publishing/wait.ts'
import { PermanentError } from '#service/errors.ts'
import type { Template } from '../api/schemas.ts'
import { listOwn, setPermissions } from '../api/templates.ts'
import type { Visibility } from '../config.ts'
import type { Place } from '../places.ts'

const permissions: Readonly<Record<Visibility, Pick<Template, 'ispublic' | 'isfeatured'>>> = {
  private: { ispublic: false, isfeatured: false },
  public: { ispublic: true, isfeatured: false },
  featured: { ispublic: true, isfeatured: true },
}

/** Opens a template to those that the settings name, and looks until it is seen so. */
export async function openTemplate(place: Place, { id, name, ...now }: Template, pace: Pace): Promise<void> {
  const wanted = permissions[place.wanted.visibility]
  const isSo = (one: Pick<Template, 'ispublic' | 'isfeatured'>) =>
    one.ispublic === wanted.ispublic && one.isfeatured === wanted.isfeatured
  if (isSo(now)) return
  await setPermissions(place.client, id, wanted, pace.signal)
  await pollUntil(
    `${place.client.place}: ${name} ${place.wanted.visibility}`,
    async () => {
      const seen = (await listOwn(place.client, place.zone, name, pace.signal)).find((one) => one.id === id)
      if (seen === undefined) throw new PermanentError('environment', `${place.client.place}: ${name} was removed`)
      return isSo(seen) ? true : null
    },
    pace,
  )
}
