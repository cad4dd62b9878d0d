export { createApiKey, hashApiKey } from './api-key.ts'
export { isTenantName, type Tenant, type TenantConfig, type TenantRole } from './tenant.ts'
export { TenantDirectory } from './tenant-directory.ts'
