module.exports = require("@react-native/metro-config").getDefaultConfig(__dirname);
