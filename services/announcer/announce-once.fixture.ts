import { debianDrop, openOffice, published } from './fixture.ts'

/** A process that announces one drop on the state folder given, and is killed meanwhile. */
const [state = '', smtpUrl = ''] = process.argv.slice(2)
const office = await openOffice(
  { IMAGEDROP_ANNOUNCER_SMTP_URL: smtpUrl, IMAGEDROP_ANNOUNCER_TO: 'a@example.org' },
  state,
)
process.stdout.write('ready\n')
await office.hear(published(debianDrop()))
process.stdout.write('announced\n')
