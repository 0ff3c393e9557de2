// @ts-types="./mod.d.ts"
export * from "deno-std/semver/mod.js";
