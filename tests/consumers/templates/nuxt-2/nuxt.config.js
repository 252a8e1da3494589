export default {
  telemetry: false,
  // The server requires it as it is.
  build: { transpile: [({ isClient }) => isClient && "mqtt-lib"] },
  serverMiddleware: [{ path: "/messages", handler: "~/server/messages.js" }],
};
