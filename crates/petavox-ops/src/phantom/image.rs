//! The vessel tree as an image that is made when it is read.

use super::{VesselOptions, Vessels};
use petavox_core::{Block, ChunkGrid, Dtype, ImageSpec, Region, Result, Source};

/// A `float32` image of [`Vessels`], spacing 1 micrometre.
pub struct VesselImage {
    vessels: Vessels,
    spec: ImageSpec,
    grid: ChunkGrid,
}

impl VesselImage {
    /// Grows the trees.
    ///
    /// # Errors
    /// As [`Vessels::new`].
    pub fn new(shape: [usize; 3], options: &VesselOptions) -> Result<VesselImage> {
        let vessels = Vessels::new(shape, options)?;
        let spec = ImageSpec::new(shape, Dtype::Float32)?;
        let spec = spec.with_spacing(&[1.0], Some("micrometer".to_owned()))?;
        Ok(VesselImage { vessels, grid: ChunkGrid::new(&shape, &[64; 3]), spec })
    }
}

impl Source for VesselImage {
    fn spec(&self) -> &ImageSpec {
        &self.spec
    }

    fn grid(&self) -> &ChunkGrid {
        &self.grid
    }

    fn reads_below_chunk(&self) -> bool {
        true
    }

    fn scratch_bytes(&self, region: &Region) -> u64 {
        2 * (region.len() * self.spec.dtype.size()) as u64
    }

    fn read(&self, out: &mut Block) -> Result<()> {
        out.copy_from(&self.vessels.image(out.region())?)
    }

    fn locator(&self) -> Option<String> {
        None
    }
}
