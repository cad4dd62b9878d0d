/**
 * Writes one small ONNX model: `output = input + weights`, float32, one dimension.
 *
 * Source: onnx.proto3 of ONNX 1.17; the protocol buffers encoding.
 */
export function addModel(weights: Float32Array): Uint8Array<ArrayBuffer> {
  const tensorType = message(
    varintField(1, FLOAT),
    bytesField(2, message(bytesField(1, message(varintField(1, weights.length))))),
  )
  const value = (name: string): Buffer => message(textField(1, name), bytesField(2, message(bytesField(1, tensorType))))
  const node = message(textField(1, 'input'), textField(1, 'weights'), textField(2, 'output'), textField(4, 'Add'))
  const initializer = message(
    varintField(1, weights.length),
    varintField(2, FLOAT),
    textField(8, 'weights'),
    bytesField(9, Buffer.from(weights.buffer, weights.byteOffset, weights.byteLength)),
  )
  const graph = message(
    bytesField(1, node),
    textField(2, 'add'),
    bytesField(5, initializer),
    bytesField(11, value('input')),
    bytesField(12, value('output')),
  )
  const opset = message(textField(1, ''), varintField(2, 17))
  return new Uint8Array(message(varintField(1, 8), bytesField(7, graph), bytesField(8, opset)))
}

/** `TensorProto.DataType.FLOAT`. */
const FLOAT = 1

function message(...fields: readonly Buffer[]): Buffer {
  return Buffer.concat(fields)
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return Buffer.from([...bytes, left])
    bytes.push((left % 128) + 128)
  }
}

function varintField(field: number, value: number): Buffer {
  return Buffer.concat([varint(field * 8), varint(value)])
}

function bytesField(field: number, content: Buffer): Buffer {
  return Buffer.concat([varint(field * 8 + 2), varint(content.byteLength), content])
}

function textField(field: number, text: string): Buffer {
  return bytesField(field, Buffer.from(text))
}
