/** A value in QEMU's option lists, where a comma ends it and two are one comma. */
export function escapeValue(value: string): string {
  return value.replaceAll(',', ',,')
}
