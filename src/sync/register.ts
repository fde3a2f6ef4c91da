/** `--register` that a DID was ingested with -> what sync ingests of it goes into the lake, too, and what could not go there before. */
import { messageOf } from '../errors.ts';
import type { PlannedScene } from '../ingest/plan.ts';
import { openRegister, type Register } from '../ingest/register.ts';
import type { IngestContext } from '../ingest/run-scenes.ts';
import type { RegisterWish } from '../ingest/settings.ts';
import type { Scene, Source } from '../ingest/source.ts';
import type { SceneFile } from '../ingest/to-item.ts';
import type { ItemTime } from '../ingest/to-time.ts';
import { didKey } from '../rucio/resolve.ts';
import type { Patience } from './patience.ts';

export interface Publisher {
  rse: string;
  /** As `publish` of IngestContext. Opens the lake at its first call; where that is refused, Items are made without. */
  publish(planned: PlannedScene, files: SceneFile[]): Promise<void>;
  /** Whether COGs of a scene are to go into the lake that are not there yet. */
  isWaiting(planned: PlannedScene): boolean;
  /** Of scenes that are to be worked off, those that are not there for the lake alone, where it takes nothing. */
  withoutRefused<Each extends Pick<Scene, 'id'>>(scenes: Each[]): Promise<Each[]>;
  close(): void;
}

interface Asked {
  collection: string;
  context: Pick<IngestContext, 'store' | 'workFolder' | 'signal' | 'progress'> & { patience: Patience };
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
    const { store, workFolder, signal, progress } = context;
    const onRegistered = (did: string, bytes: number) =>
      progress.event('sync:cog:registered', { did, rse, bytes });
    try {
      const register = await openRegister(source, {
        ...wish,
        store,
        workFolder,
        time,
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
    isWaiting({ scene, files }) {
      const isMissing = files.some(({ known }) =>
        known?.layers.some(({ inPlace, cog }) => !inPlace && cog.lake === undefined),
      );
      if (!isMissing || !context.patience.isDue(patience, scene)) return false;
      waiting.add(scene.id);
      return true;
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
