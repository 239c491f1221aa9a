import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

// While one works on them, names are stable, so that nothing piles up. Otherwise each file
// is named by its content: chunks import each other by these names, which Django keeps.
const isWatching = process.argv.includes("--watch");
const name = isWatching ? "[name]" : "[name]-[hash]";

/** What earlier builds left, once this one is whole. */
function withoutLeftovers(): Plugin {
  return {
    name: "without-leftovers",
    writeBundle({ dir }, bundle) {
      if (isWatching || !dir) return;
      const folder = join(dir, "frontend");
      for (const file of readdirSync(folder)) {
        if (!(`frontend/${file}` in bundle)) rmSync(join(folder, file));
      }
    },
  };
}

export default defineConfig({
  plugins: [react(), withoutLeftovers()],
  base: "/static/",
  build: {
    outDir: "dist",
    manifest: "manifest.json",
    // The running site reads manifest.json: a build must never take it away.
    emptyOutDir: false,
    rollupOptions: {
      input: ["src/main.tsx", "src/operations/operations.ts"],
      output: {
        entryFileNames: `frontend/${name}.js`,
        chunkFileNames: `frontend/${name}.js`,
        assetFileNames: `frontend/${name}[extname]`,
      },
    },
  },
  test: { environment: "node", include: ["src/**/*.test.ts"] },
});
