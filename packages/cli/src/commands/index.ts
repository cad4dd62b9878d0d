import type { Command } from '../command.ts'
import { demo } from './demo.ts'
import { explainResult } from './explain.ts'
import { keysAdd } from './keys-add.ts'
import { keysList } from './keys-list.ts'
import { keysNew } from './keys-new.ts'
import { keysRevoke } from './keys-revoke.ts'
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
import { tenantsCreate } from './tenants-create.ts'
import { tenantsDelete } from './tenants-delete.ts'
import { tenantsList } from './tenants-list.ts'
import { tenantsShow } from './tenants-show.ts'
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
  keysAdd,
  keysList,
  keysRevoke,
  tenantsCreate,
  tenantsList,
  tenantsShow,
  tenantsDelete,
  policyInit,
  demo,
]
