import type { Command } from '../command.ts'
import { demo } from './demo.ts'
import { explainResult } from './explain.ts'
import { keysNew } from './keys-new.ts'
import { modelsDelete } from './models-delete.ts'
import { modelsGrant } from './models-grant.ts'
import { modelsList } from './models-list.ts'
import { modelsRevoke } from './models-revoke.ts'
import { modelsShow } from './models-show.ts'
import { modelsUpload } from './models-upload.ts'
import { policyInit } from './policy-init.ts'
import { receiptsVerify } from './receipts-verify.ts'
import { run } from './run.ts'
import { serve } from './serve.ts'
import { verifyTarget } from './verify.ts'

/** Every command, in the order of help. */
export const COMMANDS: readonly Command[] = [
  serve,
  verifyTarget,
  explainResult,
  modelsUpload,
  modelsList,
  modelsShow,
  modelsDelete,
  modelsGrant,
  modelsRevoke,
  run,
  receiptsVerify,
  keysNew,
  policyInit,
  demo,
]
