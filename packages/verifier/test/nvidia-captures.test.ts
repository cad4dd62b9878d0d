import { concatBytes, digest, fromBase64Url, toBase64Url, toHex } from '@blindai/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import vectors from '../../../vectors/attestation/nvidia/VECTORS.json' with { type: 'json' }
import { parseNvidiaReport } from '../src/formats/nvidia/report.ts'
import { parseRim } from '../src/formats/nvidia/rim.ts'
import {
  type EvidenceResult,
  explain,
  NVIDIA_DEVICE_ROOT_SHA256,
  NVIDIA_RIM_ROOT_SHA256,
  type NvidiaClaims,
  parsePolicy,
  verifyEvidence,
} from '../src/index.ts'
import { parseCertificate } from '../src/x509/certificate.ts'
import { parseOcspResponse } from '../src/x509/ocsp.ts'
import { parsePemCertificates } from '../src/x509/pem.ts'
import { filesOfCases, nvidiaCapture, nvidiaCaptures, nvidiaOcsp, nvidiaText } from './support/nvidia-captures.ts'

describe('a capture of an NVIDIA GPU', () => {
  for (const { name, report, endorsements, policy, now, expect: expected } of nvidiaCaptures) {
    test(name, async () => {
      const evidence = { format: 'nvidia', bytes: report, endorsements } as const
      const result = await verifyEvidence(evidence, parsePolicy(policy), { now })
      const { status, trustClass, failed } = result
      const code = failed?.error?.code
      expect({ status, ...(code !== undefined && { code }), trustClass }, JSON.stringify(failed)).toEqual(expected)
    })
  }
  test('is there for every file that is kept, but for the roots and what another verifier found', () => {
    const files = vectors.files.map(({ file }) => file).filter((file) => !filesOfCases.has(file))
    expect(files).toEqual(['hopper-coco-a.claims.json', 'nvidia-device-root.pem', 'nvidia-rim-root.pem'])
  })
})

const real = nvidiaCapture('a GPU of its reference versions')
const policy = parsePolicy(real.policy)
const judge = (changed: { readonly report?: Uint8Array; readonly endorsements?: object }): Promise<EvidenceResult> => {
  const endorsements = { ...real.endorsements, ...changed.endorsements }
  return verifyEvidence({ format: 'nvidia', bytes: changed.report ?? real.report, endorsements }, policy, real)
}
const flipped = (bytes: Uint8Array, bit: number): Uint8Array =>
  bytes.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
const flippedText = (text: string, at: number): string =>
  text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ (1 << (at % 7))) + text.slice(at + 1)

describe('the report of a real GPU', () => {
  test('says what another verifier found in it', async () => {
    const found = JSON.parse(nvidiaText('hopper-coco-a.claims.json'))
    const { claims } = await judge({})
    const ours = claims as NvidiaClaims
    expect(ours.architecture).toBe(found.arch)
    expect(ours.gpuMeasurements).toEqual(found.measurements)
    const { config } = found
    expect(ours).toMatchObject({
      boardId: config.board_id,
      chipSku: config.chip_sku,
      chipSkuMod: config.chip_sku_mod,
      cprInfo: config.cpr_info,
      driverVersion: config.driver_version,
      fwid: config.fwid,
      gpuInfo: config.gpu_info,
      measurementCounts: config.measurement_count,
      project: config.project,
      projectSku: config.project_sku,
      projectSkuMod: config.project_sku_mod,
      vbiosVersion: config.vbios_version,
    })
    // It writes the byte 0x55, which means off, as the character U.
    const off = String.fromCharCode(0x55)
    expect([config.nvdec0_status, config.protected_pcie_status]).toEqual([off, off])
    expect([ours.nvdec0, ours.protectedPcie]).toEqual(['disabled', false])
  })
  test('names its device, its firmware and the nonce that it was asked with', async () => {
    expect((await judge({})).claims).toMatchObject({
      format: 'nvidia',
      rootSha256: NVIDIA_DEVICE_ROOT_SHA256,
      rimRootSha256: NVIDIA_RIM_ROOT_SHA256,
      reportData: '931d8dd0add203ac3d8b4fbde75e115278eefcdceac5b87671a748f32364dfcb',
      hardwareModel: 'GH100 A01 GSP BROM',
      deviceSerial: '41431d480fe5e87274',
      uncomparedMeasurements: [36],
      otherFields: [],
      revocation: 'incomplete',
      release: 'as captured',
    })
  })
  test('is explained as that of a device', async () => {
    expect(explain(await judge({}))).toContain(
      'GPU: GH100 A01 GSP BROM, driver 550.90.07, VBIOS 96.00.9f.00.01; of the machine that asked it nothing is known\n',
    )
  })
  test('is refused wherever it is cut', async () => {
    for (let length = 0; length < real.report.byteLength; length += 5) {
      const result = await judge({ report: real.report.slice(0, length) })
      expect(result, `${length} bytes`).toMatchObject({
        status: 'none',
        failed: { code: 'evidence.form', error: { code: 'TRUNCATED', answer: 'malformed' } },
      })
    }
  })
  test('is refused with anything after it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 64 }), async (more) => {
        expect((await judge({ report: concatBytes(real.report, more) })).failed?.error?.code).toBe('TRAILING_BYTES')
      }),
      { numRuns: 50, seed: 20261127 },
    )
  })
  test('is refused with any one bit flipped', async () => {
    for (let byte = 0; byte < real.report.byteLength; byte += 29) {
      const result = await judge({ report: flipped(real.report, 8 * byte + (byte % 8)) })
      expect(result.status, `byte ${byte}`).toBe('none')
    }
  })
  test('is refused with any one bit of its opaque data flipped', async () => {
    const start = real.report.byteLength - 96 - 422
    for (let byte = start; byte < start + 422; byte += 3) {
      const result = await judge({ report: flipped(real.report, 8 * byte + (byte % 8)) })
      expect(result.status, `byte ${byte}`).toBe('none')
    }
  })
  test('has 64 measurements, and the first is of no bits', () => {
    const { measurements } = parseNvidiaReport(real.report)
    expect(measurements).toHaveLength(64)
    expect(toHex(measurements[0] ?? new Uint8Array())).toBe('00'.repeat(48))
  })
})

describe('the roots of NVIDIA', () => {
  test.each([
    ['nvidia-device-root.pem', NVIDIA_DEVICE_ROOT_SHA256, 'NVIDIA Device Identity CA'],
    ['nvidia-rim-root.pem', NVIDIA_RIM_ROOT_SHA256, 'NVIDIA CoRIM signing Root CA'],
  ])('%s is the one that is pinned', async (file, sha256, commonName) => {
    const [der] = parsePemCertificates(file, nvidiaText(file), 1)
    expect(toHex(await digest('SHA-256', der))).toBe(sha256)
    expect(parseCertificate(file, der)).toMatchObject({ subject: { commonName }, publicKey: { curve: 'P-384' } })
  })
})

describe('a real manifest', () => {
  const { driverRim, vbiosRim } = real.endorsements
  test('says what the driver may measure, by the numbers of the report', () => {
    const rim = parseRim('driver RIM', driverRim)
    expect(rim).toMatchObject({ version: '550.90.07', product: 'GH100' })
    expect([...rim.measurements.keys()]).toEqual([
      8, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41,
    ])
    expect(rim.measurements.get(36)).toHaveLength(4)
    expect([...parseRim('VBIOS RIM', vbiosRim).measurements.keys()]).toEqual([1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13])
  })
  test('is refused wherever it is cut', () => {
    for (let length = 0; length < driverRim.length - 1; length += 13) {
      expect(() => parseRim('driver RIM', driverRim.slice(0, length)), `${length} characters`).toThrow(
        expect.objectContaining({ code: 'NOT_XML' }),
      )
    }
  })
  test('is refused with anything after it', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 2, maxLength: 40, unit: 'binary' }), (more) => {
        expect(() => parseRim('VBIOS RIM', vbiosRim + more)).toThrow(expect.objectContaining({ code: 'NOT_XML' }))
      }),
      { numRuns: 200, seed: 20261127 },
    )
  })
  test('is refused with any one bit flipped', async () => {
    for (let at = 0; at < driverRim.length - 1; at += 67) {
      const result = await judge({ endorsements: { driverRim: flippedText(driverRim, at) } })
      expect(result.status, `character ${at}: ${driverRim.slice(at - 10, at + 10)}`).toBe('none')
    }
  })
})

describe('a real OCSP response', () => {
  const responses = real.endorsements.ocsp.map((text) => fromBase64Url('response', text))
  const [first = new Uint8Array(), ...rest] = responses
  test.each([
    ['ocsp-gpu_certificate_l2.b64', 'NVIDIA OCSP Responder L1-A 02', '4c255ede3bd001bf3f4a3b605fca898a'],
    ['ocsp-gpu_certificate_l3.b64', 'NVIDIA OCSP Responder L2 GH100 Identity', '6afe7184f92232c8df7b242261776e56'],
    [
      'ocsp-gpu_driver_rim_l3.b64',
      'NVIDIA OCSP Responder L2 Reference Value GH100',
      'b4ebf6542022fdec4512f24ba503a3cb',
    ],
  ])('%s says that one certificate is good', (file, commonName, serial) => {
    expect(parseOcspResponse(file, nvidiaOcsp(file))).toMatchObject({
      serial,
      status: 'good',
      hash: 'SHA-384',
      certificate: { subject: { commonName } },
    })
  })
  test('is refused wherever it is cut, and with a byte after it', () => {
    for (let length = 0; length < first.byteLength; length++) {
      expect(() => parseOcspResponse('response', first.slice(0, length))).toThrow(
        expect.objectContaining({ code: 'NOT_DER' }),
      )
    }
    expect(() => parseOcspResponse('response', concatBytes(first, new Uint8Array(1)))).toThrow(
      expect.objectContaining({ code: 'NOT_DER' }),
    )
  })
  test('is refused with any one bit flipped', async () => {
    for (let byte = 0; byte < first.byteLength; byte += 7) {
      const ocsp = [flipped(first, 8 * byte + (byte % 8)), ...rest].map(toBase64Url)
      const result = await judge({ endorsements: { ocsp } })
      expect(result.status, `byte ${byte}`).toBe('none')
    }
  })
})

describe('whatever comes in as a report of a GPU', () => {
  test('a result comes out, and nothing is thrown', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (report) => {
        expect((await judge({ report })).status).toBe('none')
      }),
      { numRuns: 300, seed: 20261127 },
    )
  })
  test('also as its manifest or a response', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ maxLength: 200 }), fc.uint8Array({ maxLength: 200 }), async (text, bytes) => {
        expect((await judge({ endorsements: { vbiosRim: text } })).status).toBe('none')
        expect((await judge({ endorsements: { ocsp: [toBase64Url(bytes)] } })).status).toBe('none')
      }),
      { numRuns: 200, seed: 20261127 },
    )
  })
})
