/** `--register` that a DID was ingested with -> what sync ingests of it goes into the lake, too, and what could not go there before. */
import { messageOf } from '../errors.ts';
import type { PlannedScene } from '../ingest/plan.ts';
import { datasetOf, openRegister, type Register } from '../ingest/register.ts';
import { lacksStac } from '../ingest/register-stac.ts';
import type { IngestContext } from '../ingest/run-scenes.ts';
import type { RegisterWish } from '../ingest/settings.ts';
import type { Scene, Source } from '../ingest/source.ts';
import { type SceneFile, toItems } from '../ingest/to-item.ts';
import type { ItemTime } from '../ingest/to-time.ts';
import { didKey } from '../rucio/resolve.ts';
import type { Patience } from './patience.ts';

export type Waiting = 'cog-unregistered' | 'stac-unregistered';

export interface Publisher {
  rse: string;
  /** As `publish` of IngestContext. Opens the lake at its first call; where that is refused, Items are made without. */
  publish(planned: PlannedScene, files: SceneFile[]): Promise<void>;
  /** What of a scene is to go into the lake and is not there yet. */
  waitingOf(planned: PlannedScene): Waiting[];
  /** Of scenes that are to be worked off, those that are not there for the lake alone, where it takes nothing. */
  withoutRefused<Each extends Pick<Scene, 'id'>>(scenes: Each[]): Promise<Each[]>;
  close(): void;
}

interface Asked {
  collection: string;
  context: Pick<IngestContext, 'store' | 'workFolder' | 'signal' | 'progress' | 'validator'> & {
    patience: Patience;
    publicUrl: string | null;
  };
  report: { notes: string[]; failures: string[] };
  time: ItemTime | null;
}

export function makePublisher(source: Source, wish: RegisterWish, asked: Asked): Publisher {
  const { context, report, collection, time } = asked;
  const { rse } = wish;
  /** Of its own: what the lake does not take can be read all the same. */
  const patience = `${collection} at ${rse}`;
  const waiting = new Set<string>();
  let opened: Promise<Register | null> | null = null;

  async function openOnce(): Promise<Register | null> {
    const { store, workFolder, signal, progress, validator } = context;
    const onRegistered = (did: string, bytes: number) =>
      progress.event('sync:cog:registered', { did, rse, bytes });
    try {
      const register = await openRegister(source, {
        ...wish,
        store,
        workFolder,
        time,
        stac: wish.stac ? { base: context.publicUrl, validator } : undefined,
        signal,
        onRegistered,
      });
      report.notes.push(...register.notes);
      return register;
    } catch (error) {
      signal.throwIfAborted();
      const label = source.did === null ? collection : didKey(source.did);
      report.failures.push(
        `COGs of ${label} do not go into the lake at ${rse}: ${messageOf(error).split('\n')[0]}`,
      );
      return null;
    }
  }
  const open = () => {
    opened ??= openOnce();
    return opened;
  };

  function lacksItems(scene: Scene, files: SceneFile[]): boolean {
    if (source.did === null || files.length === 0) return false;
    const items = toItems(scene, files, { source, store: context.store, time });
    return lacksStac(items, files, { dataset: datasetOf(source.did, wish), base: context.publicUrl, rse });
  }

  return {
    rse,
    async publish(planned, files) {
      const register = await open();
      if (register === null) return;
      try {
        await register.publish(planned, files);
      } catch (error) {
        context.patience.failed(patience, planned.scene);
        throw error;
      }
    },
    waitingOf({ scene, files }) {
      const done = files.flatMap(({ file, asset, known }) =>
        known ? [{ file, asset, description: known }] : [],
      );
      const lacksCogs = done.some(({ description }) =>
        description.layers.some(({ inPlace, cog }) => !inPlace && cog.lake === undefined),
      );
      const lacking: Waiting[] = [
        ...(lacksCogs ? (['cog-unregistered'] as const) : []),
        ...(wish.stac && lacksItems(scene, done) ? (['stac-unregistered'] as const) : []),
      ];
      if (lacking.length === 0 || !context.patience.isDue(patience, scene)) return [];
      waiting.add(scene.id);
      return lacking;
    },
    async withoutRefused(scenes) {
      if (!scenes.some(({ id }) => waiting.has(id)) || (await open()) !== null) return scenes;
      return scenes.filter(({ id }) => !waiting.has(id));
    },
    close() {
      void opened?.then((register) => register?.close()).catch(() => {});
    },
  };
}
