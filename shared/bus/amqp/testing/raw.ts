import { connect } from 'amqplib'

/** A channel to a broker without our bus: as an administrator has one, or a program of others. */
export async function openRaw(url: string) {
  const model = await connect(url)
  const channel = await model.createChannel()
  return {
    channel,
    async [Symbol.asyncDispose]() {
      await channel.close()
      await model.close()
    },
  }
}
