import { svelte } from "@sveltejs/vite-plugin-svelte";
import vue from "@vitejs/plugin-vue";

export default {
  plugins: [vue(), svelte({ configFile: false })],
  build: { outDir: "out", rollupOptions: { input: ["vue.html", "svelte.html"] } },
};
