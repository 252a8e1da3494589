// On the server the package stays as it is installed, with its .wasm beside it.
export default { serverExternalPackages: ["mqtt-lib"], turbopack: { root: import.meta.dirname } };
