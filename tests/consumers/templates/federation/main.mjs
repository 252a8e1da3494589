import("./page.mjs");
