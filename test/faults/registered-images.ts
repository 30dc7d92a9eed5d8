import { DescribeImagesCommand, EC2Client } from '@aws-sdk/client-ec2'
import { pino } from 'pino'
import { emulatorAccount } from '../../services/ec2-publisher/emulator/credentials.ts'
import { startEmulator } from '../../services/ec2-publisher/emulator/start.ts'

/** Asks the emulated EC2 of a state folder, over HTTP and with the real SDK, for the images it has. */
export async function registeredImages(folder: string): Promise<{ name: string; public: boolean }[]> {
  await using emulator = await startEmulator({ folder, log: pino({ level: 'silent' }) })
  const client = new EC2Client({ endpoint: emulator.url, region: 'us-east-1', credentials: emulatorAccount })
  try {
    const { Images = [] } = await client.send(new DescribeImagesCommand({ Owners: ['self'] }))
    return Images.map((image) => ({ name: image.Name ?? '', public: image.Public ?? false }))
  } finally {
    client.destroy()
  }
}
