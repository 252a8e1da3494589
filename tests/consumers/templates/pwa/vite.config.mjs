import { VitePWA } from "vite-plugin-pwa";

export default { build: { outDir: "out" }, plugins: [VitePWA({ registerType: "autoUpdate" })] };
