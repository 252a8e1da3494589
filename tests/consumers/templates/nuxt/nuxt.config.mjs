// Both majors have app.vue in the root.
export default { srcDir: ".", telemetry: false };
