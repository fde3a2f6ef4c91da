/**
 * Names of Sentinel-1, Sentinel-2, Landsat, MODIS and ERA5 files -> scene, band, time and the fields that they tell, by
 * the agencies' naming conventions. What a name does not say is left out.
 */
import { periodFields, periodOf } from './compact-time.ts';
import { landsatBand, sentinel2Band } from './known-bands.ts';
import type { Metadata } from './mapping.ts';
import type { NamedFile } from './named-file.ts';
import { baseName, stemOf } from './source.ts';

type Groups = Record<string, string | undefined>;

interface Mission {
  /** A product's name, of a file or of a folder above it. */
  product: RegExp;
  /** What stands behind the product's name in that of a file: its part of the scene. Group asset. */
  suffix: RegExp;
  /** Names of files that leave out the product's: groups scene and asset. */
  file?: RegExp;
  fields(groups: Groups): Metadata;
  band?(asset: string, groups: Groups): Metadata;
}

const orbitOf = (text: string | undefined) => (text === undefined ? undefined : Number(text));

/** Without what is undefined. */
const told = (fields: Metadata): Metadata =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

function between(start: string, end: string): Metadata {
  const [from, to] = [periodOf(start.toUpperCase()), periodOf(end.toUpperCase())];
  return from && to
    ? { datetime: from.datetime, start_datetime: from.datetime, end_datetime: to.datetime }
    : {};
}

function during(text: string | undefined): Metadata {
  const period = text === undefined ? null : periodOf(text.toUpperCase());
  return period ? periodFields(period) : {};
}

/** Of a dual product (DV, DH), a single one (SV, SH), or one polarization as it is. */
function polarizations(code: string): string[] {
  const [kind, pole] = [code.slice(0, 1), code.slice(1)];
  if (kind === 'D') return pole === 'V' ? ['VV', 'VH'] : ['HH', 'HV'];
  return [kind === 'S' ? `${pole}${pole}` : code];
}

const SENTINEL_1: Mission = {
  // S1A_IW_GRDH_1SDV_20240103T054112_20240103T054137_051956_0646F1_ABCD
  product:
    /S1(?<unit>[A-D])_(?<mode>S[1-6]|IW|EW|WV|EN|IM|N[1-6])_(?:GRD|SLC|OCN|RAW)[FHM_]_\d[SA](?<poles>[SD][HV]|[HV]{2})_(?<start>\d{8}T\d{6})_(?<end>\d{8}T\d{6})_(?<orbit>\d{6})_[0-9A-F]{6}_[0-9A-F]{4}/i,
  suffix: /[-_](?<asset>VV|VH|HH|HV)$/i,
  // s1a-iw-grd-vv-20240103t054112-20240103t054137-051956-0646f1-001
  file: /^(?<scene>s1(?<unit>[a-d])-(?<mode>s[1-6]|iw|ew|wv)(?<swath>\d?)-(?:grd|slc|ocn|raw))-(?<asset>vv|vh|hh|hv)(?<rest>-(?<start>\d{8}t\d{6})-(?<end>\d{8}t\d{6})-(?<orbit>\d{6})-[0-9a-f]{6})-\d{3}$/i,
  fields: ({ unit = '', mode = '', poles, start = '', end = '', orbit }) =>
    told({
      constellation: 'sentinel-1',
      platform: `sentinel-1${unit.toLowerCase()}`,
      instruments: ['c-sar'],
      'sar:instrument_mode': mode.toUpperCase(),
      'sar:frequency_band': 'C',
      'sar:center_frequency': 5.405,
      'sar:polarizations': poles === undefined ? undefined : polarizations(poles.toUpperCase()),
      'sat:absolute_orbit': orbitOf(orbit),
      ...between(start, end),
    }),
};

const SENTINEL_2: Mission = {
  // S2B_MSIL2A_20240103T101319_N0510_R022_T32TPS_20240103T123456
  product:
    /S2(?<unit>[A-D])_MSI(?<level>L1C|L2A)_(?<time>\d{8}T\d{6})_N(?<baseline>\d{4})_R(?<orbit>\d{3})_T(?<tile>\d{2}[A-Z]{3})_\d{8}T\d{6}/i,
  suffix: /[-_](?<asset>(?:B\d[\dA]|TCI|AOT|WVP|SCL|PVI)(?:_\d0m)?)$/i,
  // T32TPS_20240103T101319_B04_10m
  file: /^(?:L2A_)?(?<scene>T(?<tile>\d{2}[A-Z]{3})_(?<time>\d{8}T\d{6}))_(?<asset>(?:B\d[\dA]|TCI|AOT|WVP|SCL|PVI)(?:_\d0m)?)$/i,
  fields: ({ unit, level, time, baseline, orbit, tile = '' }) =>
    told({
      constellation: 'sentinel-2',
      platform: unit && `sentinel-2${unit.toLowerCase()}`,
      instruments: ['msi'],
      'grid:code': `MGRS-${tile.toUpperCase()}`,
      'processing:level': level?.toUpperCase(),
      'processing:version': baseline && `${baseline.slice(0, 2)}.${baseline.slice(2)}`,
      'sat:relative_orbit': orbitOf(orbit),
      ...during(time),
    }),
  band: sentinel2Band,
};

const LANDSAT_INSTRUMENTS: Record<string, string[]> = {
  C: ['oli', 'tirs'],
  O: ['oli'],
  T: ['tm'],
  E: ['etm+'],
  M: ['mss'],
};

const LANDSAT: Mission = {
  // LC08_L2SP_192028_20240103_20240110_02_T1
  product:
    /L(?<sensor>[COTEM])(?<unit>0[1-9])_(?<level>L1TP|L1GT|L1GS|L2SP|L2SR)_(?<path>\d{3})(?<row>\d{3})_(?<date>\d{8})_\d{8}_\d{2}_(?:T1|T2|RT)/,
  suffix: /_(?<asset>(?:SR_|ST_)?B\d{1,2}(?:_VCID_\d)?|(?:SR|ST|QA)_[A-Z]\w*)$/,
  fields: ({ sensor = '', unit, level = '', path = '', row = '', date }) =>
    told({
      constellation: 'landsat',
      platform: `landsat-${Number(unit)}`,
      instruments: Number(unit) >= 8 && sensor === 'T' ? ['tirs'] : LANDSAT_INSTRUMENTS[sensor],
      'grid:code': `WRS${Number(unit) < 4 ? 1 : 2}-${path}${row}`,
      'processing:level': level.slice(0, 2),
      ...during(date),
    }),
  band: (asset, { sensor = '' }) => landsatBand(asset, sensor),
};

/** Days that one file of a MODIS product is of, where it is no single day. */
const MODIS_DAYS: [RegExp, number][] = [
  [/^(?:M[OY]D(?:09[AQ]1|10A2|11A2|14A2|15A2H|16A2(?:GF)?|17A2H|21A2)|MCD15A2H)$/, 8],
  [/^M[OY]D13(?:Q1|A1|A2|C1)$/, 16],
  [/^MCD15A3H$/, 4],
];
const MODIS_PLATFORMS: Record<string, string> = { MOD: 'terra', MYD: 'aqua' };

function modisFields({ name = '', day = '', tile }: Groups): Metadata {
  const days = MODIS_DAYS.find(([pattern]) => pattern.test(name))?.[1] ?? 1;
  const first = periodOf(day);
  const end = first && new Date(Date.parse(first.end) + (days - 1) * 86_400_000);
  return told({
    platform: MODIS_PLATFORMS[name.slice(0, 3)],
    instruments: ['modis'],
    'grid:code': tile && `MSIN-${tile.slice(1, 3)}${tile.slice(4)}`,
    ...(first && end && periodFields({ ...first, end: end.toISOString().replace('.000Z', 'Z') })),
  });
}

const MODIS: Mission = {
  // MOD13Q1.A2024001.h18v04.061.2024020123456
  product: /(?<name>M[OYC]D\d{2}\w*)\.A(?<day>\d{7})(?:\.\d{4})?(?:\.(?<tile>h\d{2}v\d{2}))?\.\d{3}\.\d{13}/,
  suffix: /[._-](?<asset>[A-Za-z0-9]\w*)$/,
  // MOD13Q1.061__250m_16_days_NDVI_doy2024001000000_aid0001, as AppEEARS writes it
  file: /^(?<scene>(?<name>M[OYC]D\d{2}\w*?)\.\d{3})_+(?<asset>\w+?)(?<rest>_doy(?<day>\d{7})(?:\d{6})?_aid\d+)$/,
  fields: modisFields,
};

/** Names of variables, since ERA5 has no convention for files' names. NetCDF files tell theirs themselves. */
const ERA5_VARIABLE =
  '[tdu]2m|tp|[uv]100?|msl|sp|sst|skt|ssrd?|strd?|tcc|sd|pev|ro|swvl[1-4]|stl[1-4]|2m_temperature|2m_dewpoint_temperature|' +
  'total_precipitation|10m_[uv]_component_of_wind|mean_sea_level_pressure|surface_pressure|skin_temperature';

const ERA5: Mission = {
  product: /(?!)/,
  suffix: /(?!)/,
  // era5_t2m_2024010306, reanalysis-era5-land_total_precipitation_2024-01
  file: new RegExp(
    `^(?<scene>(?:reanalysis-)?era5(?:-land)?(?:-(?:single|pressure)-levels)?)[-_](?<asset>${ERA5_VARIABLE})(?<rest>[-_](?<time>\\d{4}(?:-?\\d{2}(?:-?\\d{2}(?:[T_-]?\\d{2}(?:\\d{2})?)?)?)?))$`,
    'i',
  ),
  fields: ({ time }) => during(time?.replace('_', 'T')),
};

const MISSIONS = [SENTINEL_1, SENTINEL_2, LANDSAT, MODIS, ERA5];

/** Folders of a product, which say nothing more than their files. */
const INNER = /^(?:GRANULE|IMG_DATA|R\d0m|measurement|[^/]+\.SAFE)$/i;

/** Folders above a file, without those of a product. */
function folderOf(name: string): string {
  const parts = name.split('/').slice(0, -1);
  while (INNER.test(parts.at(-1) ?? '')) parts.pop();
  return parts.map((part) => `${part}/`).join('');
}

function readMission(name: string, { product, suffix, file, fields, band }: Mission): NamedFile | null {
  const stem = stemOf(baseName(name));
  const own = product.exec(stem);
  const above = own ? null : product.exec(name.slice(0, name.length - baseName(name).length));
  const plain = own ? null : (file?.exec(stem)?.groups ?? null);
  if (own) {
    const rest = suffix.exec(stem.slice(own.index + own[0].length));
    const asset = rest?.groups?.asset ?? null;
    const scene = asset === null ? null : `${folderOf(name)}${stem.slice(0, stem.length - rest![0].length)}`;
    return toNamed(scene, asset, own.groups ?? {}, fields, band);
  }
  if (!plain) return null;
  const { scene = '', rest = '', asset = '' } = plain;
  const groups = { ...plain, ...above?.groups };
  if (!above) return toNamed(`${folderOf(name)}${scene}${rest}`, asset, groups, fields, band);
  // Swaths of one product are parts of one scene.
  const part = plain.swath ? `${plain.mode?.toUpperCase()}${plain.swath}_${asset}` : asset;
  return toNamed(name.slice(0, above.index + above[0].length), part, groups, fields, band);
}

function toNamed(
  scene: string | null,
  asset: string | null,
  groups: Groups,
  fields: Mission['fields'],
  band: Mission['band'],
): NamedFile {
  // Of radar, polarizations are written in capitals wherever they are told.
  const key = asset === null ? null : asset.replace(/(?:^|(?<=_))[vh]{2}$/i, (poles) => poles.toUpperCase());
  return {
    scene,
    asset: key,
    fields: fields(groups),
    told: {},
    band: key === null ? {} : (band?.(key, groups) ?? {}),
  };
}

/** null: it is none of these names. */
export function readKnownName(name: string): NamedFile | null {
  for (const mission of MISSIONS) {
    const found = readMission(name, mission);
    if (found) return found;
  }
  return null;
}
