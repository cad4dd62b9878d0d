export { cropOutputs } from './crop-outputs.ts'
export { type PaddedText, padText } from './pad-text.ts'
export { paddingTrial } from './padding-trial.ts'
