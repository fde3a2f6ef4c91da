// The maps below STAC Browser's footprints, in place of its own basemaps.config.js. The first asks nobody outside; the
// second is OpenStreetMap, for whoever chooses it. Definitions of CRSs come from the catalogue, not from epsg.io.
import TopoJSON from 'ol/format/TopoJSON.js';
import VectorLayer from 'ol/layer/Vector.js';
import { setEPSGLookup } from 'ol/proj/proj4.js';
import VectorSource from 'ol/source/Vector.js';

setEPSGLookup(async (code) => {
  const response = await fetch(`./crs/${code}`);
  if (!response.ok) throw new Error(`EPSG:${code} is not known here`);
  return response.text();
});

/** The world's land, 1:50,000,000, as areas instead of the tiles of an address. */
async function landLayer(emptyLayer, _, map) {
  const { default: land } = await import('world-atlas/land-50m.json');
  // A copy, because the reader changes what it reads, and there is a map on every page.
  const features = new TopoJSON().readFeatures(structuredClone(land), {
    featureProjection: map.getView().getProjection(),
  });
  return new VectorLayer({
    source: new VectorSource({ features, attributions: 'Natural Earth' }),
    background: '#dde8ee',
    style: { 'fill-color': '#f7f5ef', 'stroke-color': '#9aa7ad', 'stroke-width': 1 },
    title: emptyLayer.get('title'),
    base: true,
  });
}

export default function configureBasemap() {
  return [
    { is: 'XYZ', title: 'Natural Earth', projection: 'EPSG:3857', layerCreated: landLayer },
    {
      is: 'XYZ',
      title: 'OpenStreetMap',
      url: 'https://tile.openstreetmap.org/{z}/{x}/{y}.png',
      attributions:
        '&copy; <a href="https://www.openstreetmap.org/copyright" target="_blank">OpenStreetMap</a> contributors',
      projection: 'EPSG:3857',
    },
  ];
}
