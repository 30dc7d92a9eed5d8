// Runs in network, mount and process namespaces of its own: starts Keystone, Glance, Placement and Nova, tells that by a
// line, and stays. When it ends, however it ends, the kernel ends all that it has started.
import { main } from './start.ts'

const [, , layout = ''] = process.argv
await main(JSON.parse(layout) as Parameters<typeof main>[0])
