import { serveCall } from '#publishing/serve-call.ts'
import type { CloudRequest } from './cloud-process.ts'
import { createDirectCloud } from './direct-cloud.ts'

// The process behind `createCloudProcess`. It is ended from outside when its job is stopped.

await serveCall(async (given, progress) => {
  // Written by `createCloudProcess`, in the same version as this.
  const request = given as CloudRequest
  const cloud = createDirectCloud(request.settings)
  const context = { signal: new AbortController().signal, progress, logFolder: '' }
  switch (request.operation) {
    case 'upload':
      return await cloud.upload(request.order, context, request.how)
    case 'try':
      return await cloud.tryOut(request.order, request.registrations, context)
    case 'abandon':
      await cloud.abandon(request.drop, request.image, context)
      return null
    case 'publish':
      return await cloud.publish(request.registrations, context, request.how)
    case 'audit':
      return await cloud.audit(request.drops, context, { repair: request.repair })
    case 'withdraw':
      return await cloud.withdraw(request.drop, context, request.withdrawal)
  }
})
