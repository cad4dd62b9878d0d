// What resolves to here is declared by a dependency and never loaded by us: the browser runtime that
// @huggingface/transformers names (Node gets onnxruntime-node), and the download helpers of onnxruntime-node's install
// script, which does not run. An import that reaches this line is a mistake that must be seen.
throw new Error('this package is not part of a BlindAI installation; see docs/dependencies.md')
