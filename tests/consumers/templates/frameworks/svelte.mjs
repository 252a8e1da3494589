import { mount, unmount } from "svelte";
import { check } from "./check.mjs";
import Temperature from "./Temperature.svelte";

check(({ client, filter, target, count }) => {
  const context = new Map([["mqtt", client]]);
  const mounted = Array.from({ length: count }, () =>
    mount(Temperature, { target, context, props: { filter } }),
  );
  return () => {
    for (const component of mounted) unmount(component);
  };
});
