/** What each conformance class is tested by, and what is known not to be as one might expect: docs/conformance.md, made by `npm test`. */

export interface Claim {
  title: string;
  classes: string[];
  /** Parts of the paths of test files, below test/. */
  tests: string[];
  /** Tests with real clients, below test/integration/. */
  clients: string[];
  limits?: string;
}

const stac = (version: string, where: string, name: string) =>
  `https://api.stacspec.org/${version}/${where}#${name}`;
const everywhere = (version: string, name: string) =>
  ['item-search', 'ogcapi-features', 'collection-search'].map((where) => stac(version, where, name));
const cql2 = (name: string) => `http://www.opengis.net/spec/cql2/1.0/conf/${name}`;
const features = (part: number, name: string) =>
  `http://www.opengis.net/spec/ogcapi-features-${part}/1.0/conf/${name}`;

export const CLAIMS: Claim[] = [
  {
    title: 'Core',
    classes: [
      'https://api.stacspec.org/v1.0.0/core',
      'http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core',
    ],
    tests: ['api/http', 'api/errors', 'api/methods'],
    clients: ['test_api_validator.py', 'test_http.py'],
  },
  {
    title: 'Collections',
    classes: ['https://api.stacspec.org/v1.0.0/collections'],
    tests: ['api/http', 'api/queryables'],
    clients: ['test_api_validator.py'],
    limits:
      'Extent and summaries are those of the Items that are there; without Items they are as they were written.',
  },
  {
    title: 'Features',
    classes: ['https://api.stacspec.org/v1.0.0/ogcapi-features', features(1, 'core'), features(1, 'geojson')],
    tests: ['api/http', 'api/search', 'api/antimeridian'],
    clients: ['test_api_validator.py', 'test_http.py', 'test_oracle.py'],
  },
  {
    title: 'Item Search',
    classes: ['https://api.stacspec.org/v1.0.0/item-search'],
    tests: ['api/search', 'api/antimeridian', 'api/hostile'],
    clients: ['test_api_validator.py', 'test_oracle.py'],
    limits: 'A page ends at 10,000 Items or 64 MiB of text.',
  },
  {
    title: 'Collection Search',
    classes: [
      'https://api.stacspec.org/v1.0.0-rc.1/collection-search',
      'http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/simple-query',
    ],
    tests: ['api/collection-search'],
    clients: ['test_clients.py', 'test_browser.py'],
    limits:
      'POST /collections searches; where writing is on, a body with type, id, stac_version, extent, license or collections is written.',
  },
  {
    title: 'Children',
    classes: [
      'https://api.stacspec.org/v1.0.0-rc.2/children',
      'https://api.stacspec.org/v1.0.0-rc.2/children#type-filter',
    ],
    tests: ['api/children'],
    clients: ['test_browse.py'],
  },
  {
    title: 'Browseable',
    classes: ['https://api.stacspec.org/v1.0.0-rc.3/browseable'],
    tests: ['api/browseable'],
    clients: ['test_browse.py'],
  },
  {
    title: 'Aggregation',
    classes: ['', '#query', '#filter'].map((part) => `https://api.stacspec.org/v0.3.0/aggregation${part}`),
    tests: ['api/aggregation'],
    clients: ['test_oracle.py'],
    limits:
      '10,000 buckets are given, others are the overflow. A geometry that would be in more than 4,096 cells is in none. Hexagons are of at most 100,000 distinct centroids.',
  },
  {
    title: 'Queryables and sortables',
    classes: [
      features(3, 'queryables'),
      features(5, 'sortables'),
      'https://api.stacspec.org/v1.1.0/item-search#sortables',
      'https://api.stacspec.org/v1.1.0/collection-search#sortables',
    ],
    tests: ['api/queryables', 'api/sort'],
    clients: ['test_browser.py'],
    limits:
      'STAC’s common metadata may be named though no Item has it. Values are listed where there are at most 50 distinct ones. After a delete in a Collection whose Items take more than 3 seconds to read, what was known before is told until they are read.',
  },
  {
    title: 'Filter',
    classes: [
      stac('v1.0.0-rc.3', 'item-search', 'filter'),
      stac('v1.0.0', 'item-search', 'filter'),
      stac('v1.0.0-rc.1', 'collection-search', 'filter'),
      features(3, 'filter'),
      features(3, 'features-filter'),
      cql2('cql2-text'),
      cql2('cql2-json'),
    ],
    tests: [
      'api/filter',
      'api/collection-search',
      'cql2/corpus',
      'cql2/round-trip',
      'cql2/hostile',
      'cql2/fuzz',
    ],
    clients: ['test_api_validator.py', 'test_clients.py', 'test_oracle.py'],
    limits:
      '64 levels, 5,000 operators, properties and literals, 100,000 positions. JSON numbers have the digits of a double; text keeps all.',
  },
  {
    title: 'CQL2 comparisons, logic, calculations, arrays and functions',
    classes: [
      'basic-cql2',
      'advanced-comparison-operators',
      'case-insensitive-comparison',
      'accent-insensitive-comparison',
      'array-functions',
      'property-property',
      'functions',
      'arithmetic',
    ].map(cql2),
    tests: ['cql2/truth', 'cql2/abstract-tests', 'cql2/folding', 'api/filter'],
    clients: ['test_oracle.py'],
    limits:
      'Values of two types are not equal, and neither is less. The functions are those that /functions lists. casei() folds as Unicode 15 does.',
  },
  {
    title: 'CQL2 spatial functions',
    classes: ['basic-spatial-functions', 'basic-spatial-functions-plus', 'spatial-functions'].map(cql2),
    tests: ['cql2/spatial', 'cql2/truth', 'cql2/abstract-tests'],
    clients: ['test_oracle.py'],
    limits:
      'In the plane of longitude and latitude. With GEOS before 3.13 (`select postgis_geos_version()`), a GeometryCollection of several dimensions may be answered wrongly by any but s_intersects and s_disjoint. A point on longitude 180 is on the edge of what crosses the antimeridian, not within it.',
  },
  {
    title: 'CQL2 temporal functions',
    classes: [cql2('temporal-functions')],
    tests: ['cql2/truth', 'cql2/abstract-tests'],
    clients: ['test_oracle.py'],
    limits: 'A date is midnight UTC. Functions of intervals take instants, too.',
  },
  {
    title: 'Query',
    classes: [...everywhere('v1.0.0', 'query'), ...everywhere('v1.0.0-rc.1', 'query')],
    tests: ['api/query', 'api/collection-search'],
    clients: ['test_clients.py', 'test_oracle.py'],
  },
  {
    title: 'Free text, basic and advanced',
    classes: [...everywhere('v1.0.0-rc.1', 'free-text'), ...everywhere('v1.0.0-rc.1', 'advanced-free-text')],
    tests: ['api/free-text', 'api/collection-search'],
    clients: ['test_clients.py', 'test_oracle.py'],
    limits:
      'Whole words, without case and accents: runs of letters and digits in any text of an Item’s properties and its id, or in title, description, keywords and id of a Collection. 10,000 words of a document count.',
  },
  {
    title: 'Sort',
    classes: ['v1.1.0', 'v1.0.0', 'v1.0.0-rc.1'].flatMap((version) => everywhere(version, 'sort')),
    tests: ['api/sort', 'api/collection-search'],
    clients: ['test_clients.py', 'test_oracle.py'],
    limits:
      'At most 10 fields. Where a property has several types, numbers come first, then dates and date-times, then text; what has no value comes last in either direction, an Item whose datetime is null too.',
  },
  {
    title: 'Fields',
    classes: [
      stac('v1.0.0', 'item-search', 'fields'),
      stac('v1.0.0', 'ogcapi-features', 'fields'),
      stac('v1.0.0-rc.1', 'collection-search', 'fields'),
    ],
    tests: ['api/fields'],
    clients: ['test_clients.py', 'test_oracle.py'],
    limits: 'The least that is valid has the Item’s collection, too.',
  },
  {
    title: 'Transaction',
    classes: [
      'https://api.stacspec.org/v1.0.0/ogcapi-features/extensions/transaction',
      'https://api.stacspec.org/v1.0.0/collections/extensions/transaction',
    ],
    tests: ['api/transaction', 'api/writing'],
    clients: ['test_transaction.py'],
    limits: 'Declared where RUCIO_STAC_TRANSACTIONS is true.',
  },
  {
    title: 'Language',
    classes: ['https://api.stacspec.org/v1.0.0-rc.2/language'],
    tests: ['api/language'],
    clients: [],
  },
];
