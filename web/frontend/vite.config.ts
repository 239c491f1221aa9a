import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [react()],
  base: "/static/",
  build: {
    outDir: "dist",
    manifest: "manifest.json",
    // The running site reads manifest.json: a build must never take it away. Nothing
    // piles up, because names are stable. Django gives each file its content hash.
    emptyOutDir: false,
    rollupOptions: {
      input: ["src/main.tsx", "src/operations/operations.ts"],
      output: {
        entryFileNames: "frontend/[name].js",
        chunkFileNames: "frontend/[name].js",
        assetFileNames: "frontend/[name][extname]",
      },
    },
  },
  test: { environment: "node", include: ["src/**/*.test.ts"] },
});
