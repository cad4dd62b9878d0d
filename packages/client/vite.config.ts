import { defineConfig } from 'vite'

/** The package for browsers as one file, with what it imports and nothing of Node. */
export default defineConfig({
  resolve: { conditions: ['source', 'module', 'browser'] },
  build: {
    target: 'es2024',
    outDir: 'dist/browser',
    sourcemap: true,
    reportCompressedSize: true,
    rolldownOptions: { output: { minify: true, codeSplitting: false } },
    lib: { entry: 'src/index.ts', formats: ['es'], fileName: () => 'blindai.js' },
  },
})
