/** Clients look for AMIs by region and endpoint, and know other clouds by their own words. */
export function simplestreamsPlace(target: string, place: string): object {
  if (target !== 'ec2') return { region: place }
  const domain = place.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
  return { region: place, crsn: place, endpoint: `https://ec2.${place}.${domain}`, root_store: 'ebs', virt: 'hvm' }
}
