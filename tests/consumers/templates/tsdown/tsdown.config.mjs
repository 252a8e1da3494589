export default { noExternal: [/./] };
