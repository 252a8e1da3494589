module.exports = require("./dist/js.node.cjs");
