/** Pungi's names for what the mirrors have long held; other flavours are named after themselves. */
const subvariants: Readonly<Record<string, string>> = { generic: 'Cloud_Base', ec2: 'Cloud_Base_AmazonEC2' }

/** Two images of one type and architecture must differ in this, else productmd refuses the index. */
export function subvariantOf(flavour: string): string {
  return subvariants[flavour] ?? `Cloud_Base_${flavour}`
}
