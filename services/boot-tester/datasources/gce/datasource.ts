import type { DataSource } from '../datasource.ts'
import { serveCloud } from '../http/serve-cloud.ts'
import { numberOf, uuidOf } from '../ids.ts'
import { gceAnswers } from './metadata-server.ts'

/** Google Compute Engine. */
export const gce: DataSource = {
  name: 'gce',
  // With its network set up by itself, cloud-init adds "Local" to the name.
  reportedAs: /DataSourceGCE/,
  idOf: ({ id }) => numberOf(id),
  open: (instance, folder) =>
    serveCloud({
      identity: {
        manufacturer: 'Google',
        product: 'Google Compute Engine',
        serial: `GoogleCloud-${numberOf(instance.id)}`,
        uuid: uuidOf(instance.id),
      },
      services: [
        {
          addresses: ['169.254.169.254'],
          port: 80,
          names: ['metadata.google.internal', 'metadata'],
          answers: gceAnswers(instance),
        },
      ],
      folder,
    }),
}
