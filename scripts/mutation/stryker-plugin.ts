import { declareFactoryPlugin, PluginKind } from '@stryker-mutator/api/plugin'
import { createInProcessRunner } from './in-process-runner.ts'

/** What Stryker looks for in a plug-in. */
export const strykerPlugins: readonly unknown[] = [
  declareFactoryPlugin(PluginKind.TestRunner, 'in-process', createInProcessRunner),
]
