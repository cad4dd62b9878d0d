import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { utf8 } from '@blindai/core'
import {
  type BundleVerdict,
  createEvidenceBundle,
  verifyEvidenceBundle,
} from '../../packages/client/src/evidence-bundle.ts'
import { signReceipt } from '../../packages/receipts/src/token.ts'
import { RECEIPTS } from '../engine/receipts.ts'
import { ROOT } from '../engine/root.ts'
import { written } from '../engine/seeds.ts'
import type { FuzzTarget } from '../engine/target.ts'

/** Text that is no document of ours, and one that is, which takes a hundred times as long. */
const { policy, document } = JSON.parse(readFileSync(join(ROOT, 'vectors/attestation/simulated/accepted.json'), 'utf8'))
const [receipt] = RECEIPTS
const token = receipt && (await signReceipt(receipt, async () => new Uint8Array(64)))
const parts = { document: utf8('{"statement":"e30"}'), policy, receipt: { token: token ?? '' } }
const whole = { ...parts, document: utf8(typeof document === 'string' ? document : JSON.stringify(document)) }
const body = { sha256: new Uint8Array(32), bytes: 42 }
const salted = { ...parts, receipt: { ...parts.receipt, salt: new Uint8Array(32), request: body, response: body } }

export const target: FuzzTarget<BundleVerdict> = {
  sources: ['packages/client/src/evidence-bundle.ts'],
  seeds: [written(createEvidenceBundle(parts), createEvidenceBundle(salted), createEvidenceBundle(whole))],
  isText: true,
  parse: (bytes) => verifyEvidenceBundle(bytes),
  refuses: { BlindAiError: ['BUNDLE_INVALID', 'RECEIPT_REFUSED'] },
}
