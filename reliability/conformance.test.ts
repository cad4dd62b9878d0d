import { describe, expect, test } from 'vitest'
import { checkConformance } from './conformance.ts'
import { isPlanted, isSound } from './lib/report.ts'

describe('the tests of operators that the ONNX project publishes', () => {
  test('have through the wire the answers of onnxruntime-node, and a changed bit would be seen', async () => {
    const findings = await checkConformance({ long: false })
    expect(isSound(findings), JSON.stringify(findings)).toBe(true)
    expect(findings.filter(isPlanted)).toHaveLength(1)
  }, 600_000)
})
