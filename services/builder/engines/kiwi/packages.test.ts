import { expect, it } from 'vitest'
import { packageList } from './packages.ts'

it("turns KIWI's list into the list that every engine gives, with the versions as the package manager writes them", () => {
  const text = 'apt|None|2.6.1|None|amd64|None|None\nbash|1|5.2|3.fc43|x86_64|None|GPL\n'
  expect(JSON.parse(packageList(text))).toEqual({
    packages: [
      { name: 'apt', version: '2.6.1', architecture: 'amd64' },
      { name: 'bash', version: '1:5.2-3.fc43', architecture: 'x86_64' },
    ],
  })
})
