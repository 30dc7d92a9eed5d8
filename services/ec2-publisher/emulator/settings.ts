import type { SettingsRecord } from './records.ts'
import type { Place, World } from './world.ts'

/** What is set for an account in a region. */
export function settingsOf(world: World, { owner, region }: Place): SettingsRecord {
  const id = `${owner}.${region}`
  const fresh = {
    id,
    imageBlockPublicAccess: 'unblocked',
    ebsEncryptionByDefault: false,
    snapshotBlockPublicAccess: 'unblocked',
  } as const
  return world.settings.get(id) ?? fresh
}

export async function changeSettings(
  world: World,
  place: Place,
  change: Partial<Omit<SettingsRecord, 'id'>>,
): Promise<void> {
  await world.settings.save({ ...settingsOf(world, place), ...change })
}
