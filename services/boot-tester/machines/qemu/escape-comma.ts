/** A comma ends a value in QEMU's option lists, two are one comma. */
export function escapeComma(value: string): string {
  return value.replaceAll(',', ',,')
}
