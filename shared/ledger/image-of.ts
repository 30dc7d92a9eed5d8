/** The name of the image that an event is about: `generic.x86_64`; null when it is about none. */
export function imageOf(body: unknown): string | null {
  if (typeof body !== 'object' || body === null || !('image' in body)) return null
  const { image } = body
  if (typeof image !== 'object' || image === null || !('flavour' in image && 'architecture' in image)) return null
  return `${String(image.flavour)}.${String(image.architecture)}`
}
