import { expect, it } from 'vitest'
import { launchAddressOf, type Publishing } from '#service/step.ts'
import { step } from './step.ts'

it.each([
  ['us-east-1', 'https://console.aws.amazon.com/ec2/home?region=us-east-1#launchAmi=ami-1'],
  ['us-gov-west-1', 'https://console.amazonaws-us-gov.com/ec2/home?region=us-gov-west-1#launchAmi=ami-1'],
  ['cn-north-1', 'https://console.amazonaws.cn/ec2/home?region=cn-north-1#launchAmi=ami-1'],
])('an image in %s is launched in the console of its partition', (place, address) => {
  expect(launchAddressOf(step.publishes as Publishing, place, 'ami-1')).toBe(address)
})

it('what a place or an id is called stays within the address', () => {
  const address = launchAddressOf(step.publishes as Publishing, 'x#"/../{id}', 'a&b')
  expect(address).toBe('https://console.aws.amazon.com/ec2/home?region=x%23%22%2F..%2F%7Bid%7D#launchAmi=a%26b')
})
