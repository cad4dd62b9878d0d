import type { LoadMessage } from '../wire/messages.ts'
import { Channel } from './channel.ts'
import { asFailure } from './failure.ts'
import { jsonReply, parseHead, type Reply, ServedModel } from './served-model.ts'

/**
 * The engine process: one model, which arrives over descriptor 3, and then its requests, one at a time.
 *
 * It holds no key and no other tenant's data, and nothing it could be made to do is believed by the gatekeeper. It ends
 * when the channel ends.
 */

const CHANNEL_DESCRIPTOR = 3

const channel = new Channel(CHANNEL_DESCRIPTOR)
const model = await load()
let isOpen = model !== undefined
while (isOpen) {
  const reply = await answered(async () => {
    const frame = channel.receive()
    return frame === undefined ? undefined : model?.answer(frame)
  })
  isOpen = reply !== undefined
  if (reply !== undefined) send(reply)
}
process.exit(0)

async function load(): Promise<ServedModel | undefined> {
  let loaded: ServedModel | undefined
  const reply = await answered(async () => {
    const frame = channel.receive()
    if (frame?.kind !== 'load') return undefined
    loaded = await ServedModel.load(parseHead<LoadMessage>(frame.head), frame.body)
    return loaded.describe()
  })
  if (reply !== undefined) send(reply)
  return loaded
}

/** A failure is an answer too. Its cause stays here: it could hold something of the input. */
async function answered(work: () => Promise<Reply | undefined>): Promise<Reply | undefined> {
  try {
    return await work()
  } catch (error) {
    const { code, reason, subject } = asFailure(error, 'RUN_FAILED', 'internal')
    return jsonReply('failure', { code, reason, subject })
  }
}

function send({ kind, head, parts }: Reply): void {
  channel.send(kind, head, parts)
}
