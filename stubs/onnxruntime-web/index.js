// Never loaded on Node: transformers selects onnxruntime-node there. An import that reaches this file is a mistake.
throw new Error('onnxruntime-web is not part of this installation')
