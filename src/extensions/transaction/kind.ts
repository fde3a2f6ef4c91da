/** Items and Collections as what is written: how each is read from a body, given out, changed and deleted. */
import {
  type Change,
  changeCollection,
  changeItem,
  dropCollection,
  dropItem,
  type Look,
} from '../../db/change-document.ts';
import { readCollection, readItem } from '../../db/read.ts';
import type { ApiError } from '../../errors.ts';
import type { Context } from '../../http/api.ts';
import type { Db } from '../../search/tables.ts';
import { completeCollection, completeItem } from '../../stac/complete.ts';
import { type CollectionRow, type ItemRow, toCollectionRow, toItemRow } from '../../stac/item.ts';
import { collectionText, href, itemLinks, withLinks, withMark } from '../../stac/link.ts';
import { GEOJSON_TYPE, JSON_TYPE } from '../../stac/media-type.ts';
import { collectionView, mustHaveCollection, noCollection } from '../collections.ts';
import { noItem } from '../features.ts';

/** Ids that the path names. */
export interface Place {
  collectionId?: string;
  itemId?: string;
}

export interface Kind<Row extends ItemRow | CollectionRow = ItemRow | CollectionRow> {
  type: string;
  /** Member of a body that holds many. */
  list: 'features' | 'collections';
  /**
   * JSON text as a client sends it -> row. Its id must be the one that `place` names, where that names one.
   * @throws ApiError InvalidDocument, InvalidBody
   */
  toRow(text: string, place: Place, base: string): Row;
  /** Stored text with the server's links and addresses, of which a patch speaks. */
  withOwn(row: { id: string; content: string }, place: Place, base: string): string;
  /** What makes stored text into what GET gives, with all that it needs read beforehand: within a transaction nothing is. */
  view(
    place: Place,
    base: string,
    context: Context,
    id: string,
  ): Promise<(row: { id: string; content: string }) => string>;
  address(id: string, place: Place, base: string): string;
  /** Path of the list that it is in. */
  listPath(place: Place): string;
  /** What is said when it is not there. */
  missing(place: Place, db: Db): Promise<ApiError>;
  /** The id that the path names. */
  idOf(place: Place): string;
  /** Stored text, or null. */
  read(db: Db, place: Place): Promise<string | null>;
  change(db: Db, place: Place, change: Change<Row>): Promise<Row | null>;
  drop(db: Db, place: Place, look: Look): Promise<boolean>;
}

const itemText: Kind['withOwn'] = ({ id, content }, { collectionId = '' }, base) =>
  withLinks(content, base, itemLinks(base, collectionId, id));

export const itemKind: Kind<ItemRow> = {
  type: GEOJSON_TYPE,
  list: 'features',
  toRow: (text, { collectionId, itemId }, base) =>
    toItemRow(completeItem(withMark(text, base), itemId), collectionId),
  withOwn: itemText,
  view: async (place, base) => (row) => itemText(row, place, base),
  address: (id, { collectionId = '' }, base) => href.item(base, collectionId, id),
  listPath: ({ collectionId = '' }) => href.items('', collectionId),
  async missing({ collectionId = '', itemId = '' }, db) {
    await mustHaveCollection(db, collectionId);
    return noItem(collectionId, itemId);
  },
  idOf: ({ itemId = '' }) => itemId,
  read: (db, { collectionId = '', itemId = '' }) => readItem(db, collectionId, itemId),
  change: (db, { collectionId = '', itemId = '' }, change) => changeItem(db, collectionId, itemId, change),
  drop: (db, { collectionId = '', itemId = '' }, look) => dropItem(db, collectionId, itemId, look),
};

export const collectionKind: Kind<CollectionRow> = {
  type: JSON_TYPE,
  list: 'collections',
  toRow: (text, { collectionId }, base) =>
    toCollectionRow(completeCollection(withMark(text, base), collectionId)),
  withOwn: ({ id, content }, _, base) => collectionText(content, base, id),
  async view(_, base, context, id) {
    const view = await collectionView(context, id, base);
    return ({ content }) => view(content);
  },
  address: (id, _, base) => href.collection(base, id),
  listPath: () => '/collections',
  missing: async ({ collectionId = '' }) => noCollection(collectionId),
  idOf: ({ collectionId = '' }) => collectionId,
  read: (db, { collectionId = '' }) => readCollection(db, collectionId),
  change: (db, { collectionId = '' }, change) => changeCollection(db, collectionId, change),
  drop: (db, { collectionId = '' }, look) => dropCollection(db, collectionId, look),
};
