/** Settings -> where COGs go: S3 when S3_BUCKET is set, else the folder that the server gives out itself. */
import { join } from 'node:path';
import type { Config, Env } from '../config.ts';
import { assetFolder } from '../http/files.ts';
import { folderStore } from '../s3/folder-store.ts';
import { s3Store } from '../s3/s3-store.ts';
import { readS3Settings } from '../s3/settings.ts';
import type { AssetStore } from '../s3/types.ts';
import { OWN_PREFIX } from '../stac/link.ts';

export function openStore(config: Config, env: Env): AssetStore {
  const settings = readS3Settings(env);
  if (settings === null) return folderStore(assetFolder(config), OWN_PREFIX);
  return s3Store(settings, {
    stateFolder: join(config.dataFolder, 'uploads'),
    isPublic: settings.checkPublic && !config.signAssets,
  });
}
