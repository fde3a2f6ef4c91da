#!/usr/bin/env node
// The `rucio-stac` command. In a clone it first installs and builds what is missing; in an installed package it just runs.
import { prepare } from './bootstrap.mjs';

await prepare();
const { main } = await import('../dist/src/cli.js');
await main(process.argv.slice(2));
