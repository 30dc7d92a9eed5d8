import { ownChannels } from '../testing/open-announcer.ts'
import { channelContract } from './channel.contract.ts'
import { findChannels } from './find-channels.ts'

for (const channel of await findChannels([ownChannels])) channelContract(channel)
