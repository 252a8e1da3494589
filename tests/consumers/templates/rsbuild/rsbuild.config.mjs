export default { html: { title: "not yet" } };
