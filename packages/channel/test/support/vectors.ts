import { concatBytes } from '@blindai/core'
import type { KeyPair } from 'hpke'
import { describe, expect, test } from 'vitest'
import pqDraft from '../../../../vectors/crypto/hpke/pq-draft.json' with { type: 'json' }
import rfc9180 from '../../../../vectors/crypto/hpke/rfc9180.json' with { type: 'json' }
import aesGcm from '../../../../vectors/crypto/wycheproof/aes_gcm_test.json' with { type: 'json' }
import chacha from '../../../../vectors/crypto/wycheproof/chacha20_poly1305_test.json' with { type: 'json' }
import hkdf from '../../../../vectors/crypto/wycheproof/hkdf_sha256_test.json' with { type: 'json' }
import { type Suite, suiteOf } from '../../src/hpke-suites.ts'
import type { HpkeBackend } from '../../src/index.ts'
import { hex } from './messages.ts'

/** Whether this backend has the AEAD at all; a browser may lack ChaCha20-Poly1305. */
export async function hasAead(backend: HpkeBackend, id: number): Promise<boolean> {
  const aead = backend.aead(id)?.()
  if (aead === undefined) return false
  const sealing = aead.Seal(new Uint8Array(aead.Nk), new Uint8Array(aead.Nn), new Uint8Array(), new Uint8Array())
  return sealing.then(
    () => true,
    () => false,
  )
}

/** Makes the key pair of a vector, which no interface of ours can load. */
export type KeyLoader = (
  suite: Suite,
  privateBytes: Uint8Array<ArrayBuffer>,
  publicBytes: Uint8Array,
) => Promise<KeyPair>

const byLibrary: KeyLoader = async ({ hpke }, privateBytes, publicBytes) => ({
  privateKey: await hpke.DeserializePrivateKey(privateBytes),
  publicKey: await hpke.DeserializePublicKey(publicBytes),
})

/** Suites that requests and responses are sealed under. */
const inUse = ({ mode, kem_id, kdf_id, aead_id }: { mode: number; kem_id: number; kdf_id: number; aead_id: number }) =>
  mode === 0 && (kem_id === 0x20 || kem_id === 0x647a) && kdf_id === 1 && (aead_id === 1 || aead_id === 3)

/** Encryptions of a vector that are its context's first. */
const IN_ORDER = 6

const HPKE_VECTORS = [...rfc9180, ...pqDraft].filter(inUse)

/** The published vectors of everything that a backend brings. */
export function describeBackend(name: string, backend: HpkeBackend, load: KeyLoader = byLibrary): void {
  describe(`the algorithms of ${name}`, async () => {
    const hasChaCha = await hasAead(backend, 3)

    test.each(HPKE_VECTORS.map((vector) => [vector.kem_id, vector.aead_id, vector] as const))(
      'open what the HPKE vectors sealed (KEM %i, AEAD %i)',
      async (kem, aead, vector) => {
        const suite: Suite = suiteOf({ kem, kdf: vector.kdf_id, aead }, backend)
        const pair = await load(suite, hex(vector.skRm), hex(vector.pkRm))
        const context = await suite.hpke.SetupRecipient(pair, hex(vector.enc), { info: hex(vector.info) })
        for (const { exporter_context, L, exported_value } of vector.exports) {
          expect(await context.Export(hex(exporter_context), L)).toEqual(hex(exported_value))
        }
        if (aead === 3 && !hasChaCha) return
        for (const { aad, ct, pt } of vector.encryptions.slice(0, IN_ORDER)) {
          expect(new Uint8Array(await context.Open(hex(ct), hex(aad)))).toEqual(hex(pt))
        }
        // The last two are the 255th and later messages of the context; their key and nonce are known too.
        for (const { aad, ct, pt, nonce } of vector.encryptions.slice(IN_ORDER)) {
          const opened = await suite.aead.Open(hex(vector.key), hex(nonce), hex(aad), hex(ct))
          expect(new Uint8Array(opened)).toEqual(hex(pt))
        }
      },
    )

    test('are all suites in use', () => {
      expect(HPKE_VECTORS.map(({ kem_id, aead_id }) => [kem_id, aead_id])).toEqual([
        [0x20, 1],
        [0x20, 3],
        [0x647a, 3],
      ])
      for (const { encryptions } of HPKE_VECTORS) expect(encryptions.length).toBeGreaterThanOrEqual(8)
    })

    test('seal and refuse as Wycheproof does: AES-128-GCM', () => checkAead(backend, 1, aesGcm, 46))

    test('seal and refuse as Wycheproof does: ChaCha20-Poly1305, where there is one', async () => {
      if (hasChaCha) await checkAead(backend, 3, chacha, 213)
      else expect(await hasAead(backend, 1)).toBe(true)
    })

    test('derive as Wycheproof does: HKDF-SHA256', async () => {
      const kdf = backend.hkdfSha256()
      for (const { ikm, salt, info, size, okm, result, tcId } of hkdf.testGroups.flatMap((group) => group.tests)) {
        const derived = kdf.Extract(hex(salt), hex(ikm)).then((prk) => kdf.Expand(prk, hex(info), size))
        if (result === 'valid') expect([tcId, new Uint8Array(await derived)]).toEqual([tcId, hex(okm)])
        else await expect(derived, `case ${tcId}`).rejects.toThrowError()
      }
    })
  })
}

type AeadVectors = typeof aesGcm | typeof chacha

/** Keys of the AEAD's size and nonces of 96 bits: HPKE makes no others. */
async function checkAead(backend: HpkeBackend, id: number, vectors: AeadVectors, count: number): Promise<void> {
  const aead = backend.aead(id)?.()
  if (aead === undefined) throw new Error(`no AEAD ${id}`)
  const groups = vectors.testGroups.filter((group) => group.keySize === 8 * aead.Nk && group.ivSize === 8 * aead.Nn)
  const cases = groups.flatMap((group) => group.tests)
  expect(cases).toHaveLength(count)
  for (const { tcId, key, iv, aad, msg, ct, tag, result } of cases) {
    const sealed = concatBytes(hex(ct), hex(tag))
    const opening = aead.Open(hex(key), hex(iv), hex(aad), sealed)
    if (result !== 'valid') {
      await expect(opening, `case ${tcId}`).rejects.toThrowError()
      continue
    }
    expect([tcId, new Uint8Array(await opening)]).toEqual([tcId, hex(msg)])
    expect([tcId, new Uint8Array(await aead.Seal(hex(key), hex(iv), hex(aad), hex(msg)))]).toEqual([tcId, sealed])
  }
}
