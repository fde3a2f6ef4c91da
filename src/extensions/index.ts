/** All extensions of the API, in the order in which their links appear. */
import { aggregation } from './aggregation.ts';
import { assets } from './assets.ts';
import { browseable } from './browseable.ts';
import { children } from './children.ts';
import { collectionSearch } from './collection-search.ts';
import { collections } from './collections.ts';
import { core } from './core.ts';
import type { Extension } from './extension.ts';
import { features } from './features.ts';
import { fields } from './fields.ts';
import { filter } from './filter.ts';
import { freeText } from './free-text.ts';
import { itemSearch } from './item-search.ts';
import { language } from './language.ts';
import { query } from './query.ts';
import { queryables } from './queryables.ts';
import { sort } from './sort.ts';
import { tiles } from './tiles.ts';
import { transaction } from './transaction.ts';

export const extensions: Extension[] = [
  core,
  collections,
  collectionSearch,
  children,
  browseable,
  features,
  assets,
  tiles,
  itemSearch,
  aggregation,
  queryables,
  filter,
  query,
  freeText,
  sort,
  fields,
  transaction,
  language,
];
