/** SOURCE TARGET [COMPRESSION]: one COG by src/raster, all bands in it, as a process of its own that can be measured. Needs a build. */
import { openRaster } from '../dist/src/raster/open-raster.js';
import { writeCog } from '../dist/src/raster/write-cog.js';

const [source, target, compression = 'deflate'] = process.argv.slice(2);
const raster = await openRaster(source, { multiband: true });
await writeCog(raster.layers[0], target, { compression });
await raster.close();
