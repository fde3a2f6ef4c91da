/** Writes a prepared data folder of the embedded database (tar, gzip) to the path given, whole or not at all. Run once, at install. */
import { renameSync, writeFileSync } from 'node:fs';
import { PGlite } from '@electric-sql/pglite';
import { postgis } from '@electric-sql/pglite-postgis';

const [path] = process.argv.slice(2);
if (!path) throw new Error('usage: template FILE');
const database = await PGlite.create({ extensions: { postgis } });
await database.exec('create extension if not exists postgis');
const folder = await database.dumpDataDir('gzip');
await database.close();
const part = `${path}.${process.pid}.part`;
writeFileSync(part, Buffer.from(await folder.arrayBuffer()));
renameSync(part, path);
