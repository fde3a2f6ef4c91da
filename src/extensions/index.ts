/** All extensions of the API, in the order in which their links appear. */
import { browseable } from './browseable.ts';
import { children } from './children.ts';
import { collections } from './collections.ts';
import { core } from './core.ts';
import type { Extension } from './extension.ts';
import { features } from './features.ts';
import { itemSearch } from './item-search.ts';
import { language } from './language.ts';
import { transaction } from './transaction.ts';

export const extensions: Extension[] = [
  core,
  collections,
  children,
  browseable,
  features,
  itemSearch,
  transaction,
  language,
];
