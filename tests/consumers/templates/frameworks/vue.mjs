import { createApp, h, reactive, ref } from "vue";
import { check } from "./check.mjs";
import Temperature from "./Temperature.vue";

check(({ client, filter, target, count }) => {
  const app = createApp({ render: () => Array.from({ length: count }, () => h(Temperature, { filter })) });
  app.provide("mqtt", reactive({ client: ref(client) }).client);
  app.mount(target);
  return () => app.unmount();
});
