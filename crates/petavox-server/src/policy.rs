//! How an image is cut and cast for a client: named in the path, since clients drop the query of an address.

use petavox::{Dtype, Error, Image, Result};

/// One virtual Zarr of an image; written `@chunk=1x256x256/@dtype=float32/@flatz` behind `zarr`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Policy {
    /// Samples of a chunk along the last axes; 1 along those before.
    pub(crate) chunk: Option<Vec<usize>>,
    /// Samples are cast to this dtype.
    pub(crate) dtype: Option<Dtype>,
    /// The order of the axes; those that the image does not have are axes of one sample.
    pub(crate) axes: Option<String>,
    /// No level is smaller along z than the image.
    pub(crate) flat_z: bool,
    /// The most levels that are told of.
    pub(crate) n_levels: Option<usize>,
    /// How the samples of a chunk are packed.
    pub(crate) packing: Packing,
    /// Seconds that a request waits for what is computed of a whole image.
    pub(crate) wait_secs: Option<u64>,
}

/// How the samples of a chunk travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Packing {
    /// As they are.
    #[default]
    Plain,
    /// Gzipped.
    Gzip,
    /// Gzipped, the first bytes of all samples before the second ones: high bytes of pictures are nearly all the same.
    Shuffled,
}

const EXPECTED: &str = "@chunk=1x256x256, @dtype=float32, @axes=tczyx, @flatz, @levels=1, @codec=gzip, @codec=shuffle, @codec=none or @wait=SECONDS";

impl Policy {
    /// Takes the parts of a path that begin with `@` off its front.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for one that does not exist.
    pub(crate) fn split(path: &str) -> Result<(Policy, &str)> {
        let mut policy = Policy::default();
        let mut rest = path;
        while rest.starts_with('@') {
            let (part, after) = rest.split_once('/').unwrap_or((rest, ""));
            policy.add(part)?;
            rest = after;
        }
        Ok((policy, rest))
    }

    fn add(&mut self, part: &str) -> Result<()> {
        let unknown = || Error::argument("policy", part, EXPECTED);
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        match (key, value) {
            ("@chunk", sizes) => {
                let sizes: Option<Vec<usize>> =
                    sizes.split(['x', ',']).map(|n| n.parse().ok().filter(|n| *n > 0)).collect();
                self.chunk = Some(sizes.ok_or_else(unknown)?);
            }
            ("@dtype", name) => self.dtype = Some(Dtype::parse(name)?),
            ("@axes", order) if !order.is_empty() => self.axes = Some(order.to_owned()),
            ("@flatz", "") => self.flat_z = true,
            ("@levels", n) => {
                self.n_levels = Some(n.parse().ok().filter(|n| *n > 0).ok_or_else(unknown)?);
            }
            ("@codec", "none") => self.packing = Packing::Plain,
            ("@codec", "gzip") => self.packing = Packing::Gzip,
            ("@codec", "shuffle") => self.packing = Packing::Shuffled,
            ("@wait", secs) => self.wait_secs = Some(secs.parse().map_err(|_| unknown())?),
            _ => return Err(unknown()),
        }
        Ok(())
    }

    /// The image under this policy, with its axes in an order that OME-Zarr knows where that can be done.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for axes that leave out one of the image's.
    pub(crate) fn image(&self, image: &Image) -> Result<Image> {
        let mut out = match &self.axes {
            Some(order) => arranged(image, order)?,
            None => match usual_order(image.spec().axes.as_str()) {
                Some(order) => arranged(image, &order)?,
                None => image.clone(),
            },
        };
        if let Some(dtype) = self.dtype
            && dtype != out.spec().dtype
        {
            out = out.apply(&format!("astype:dtype={}", dtype.name()))?;
        }
        Ok(out)
    }

    /// The chunk of a level of this shape.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for more numbers than axes, or a chunk that is too large.
    pub(crate) fn chunk(&self, shape: &[usize], sample_bytes: usize) -> Result<Vec<usize>> {
        const MOST_BYTES: usize = 64 << 20;
        let n = shape.len();
        let wanted = self.chunk.as_deref().unwrap_or(if n == 1 { &[65_536] } else { &[256, 256] });
        if wanted.len() > n {
            let given = format!("{wanted:?}");
            return Err(Error::argument("@chunk", given, format!("at most {n} numbers")));
        }
        let mut chunk = vec![1; n - wanted.len()];
        chunk.extend_from_slice(wanted);
        chunk.iter_mut().zip(shape).for_each(|(c, s)| *c = (*c).min((*s).max(1)));
        let bytes = chunk.iter().try_fold(sample_bytes, |b, c| b.checked_mul(*c));
        match bytes {
            Some(b) if b <= MOST_BYTES => Ok(chunk),
            _ => Err(Error::argument("@chunk", format!("{chunk:?}"), "chunks of at most 64 MiB")),
        }
    }
}

/// The order in which OME-Zarr wants these axes, if they are in another one and it knows them all.
fn usual_order(axes: &str) -> Option<String> {
    let order: String = "tczyx".chars().filter(|c| axes.contains(*c)).collect();
    let known = order.len() == axes.len() && order.ends_with("yx");
    (known && order != axes).then_some(order)
}

fn arranged(image: &Image, order: &str) -> Result<Image> {
    let axes = image.spec().axes.as_str().to_owned();
    let mut letters = Vec::new();
    for c in order.chars() {
        if letters.contains(&c) || !c.is_ascii_lowercase() {
            return Err(Error::argument("@axes", order, "each letter once"));
        }
        letters.push(c);
    }
    if letters.len() > 8 || axes.chars().any(|c| !letters.contains(&c)) {
        let expected = format!("at most 8 letters, among them each of {axes}");
        return Err(Error::argument("@axes", order, expected));
    }
    let own: String = letters.iter().filter(|c| axes.contains(**c)).collect();
    let mut out = image.clone();
    if own != axes {
        out = out.apply(&format!("transpose:axes={own}"))?;
    }
    if own.len() == letters.len() {
        return Ok(out);
    }
    let item = |c: &char| match axes.contains(*c) {
        true => serde_json::json!(".."),
        false => serde_json::json!({ "new": c.to_string() }),
    };
    let items = letters.iter().map(item).collect();
    Image::combine(&[out], "index", serde_json::Map::from_iter([("items".to_owned(), items)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_stand_before_the_rest_of_the_path() {
        let (policy, rest) =
            Policy::split("@chunk=1x64x64/@dtype=float32/@flatz/0/zarr.json").unwrap();
        assert_eq!(policy.chunk.as_deref(), Some(&[1, 64, 64][..]));
        assert_eq!(
            (policy.dtype, policy.flat_z, rest),
            (Some(Dtype::Float32), true, "0/zarr.json")
        );
        for bad in ["@chunk=0x1", "@chunk=", "@dtype=int3", "@nonsense/zarr.json", "@wait=x"] {
            assert!(Policy::split(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn axes_are_put_in_order_and_missing_ones_added() {
        let image = Image::from_vec(&[4, 5, 3], vec![0u8; 60]).unwrap().with_axes("yxc").unwrap();
        let shape = |policy: &str| {
            let out = Policy::split(policy).unwrap().0.image(&image)?;
            Ok::<_, Error>((out.spec().axes.to_string(), out.spec().shape.clone()))
        };
        assert_eq!(shape("").unwrap(), ("cyx".to_owned(), vec![3, 4, 5]));
        assert_eq!(shape("@axes=tczyx").unwrap(), ("tczyx".to_owned(), vec![1, 3, 1, 4, 5]));
        assert!(shape("@axes=zyx").unwrap_err().to_string().contains("each of yxc"));
        assert!(shape("@axes=yxcc").is_err());
    }

    #[test]
    fn chunks_fit_the_image_and_have_a_limit() {
        let policy = Policy::default();
        assert_eq!(policy.chunk(&[7, 100, 900], 2).unwrap(), [1, 100, 256]);
        let (large, _) = Policy::split("@chunk=1024x1024x1024").unwrap();
        assert!(large.chunk(&[4096, 4096, 4096], 1).is_err());
        assert_eq!(large.chunk(&[8, 8, 8], 1).unwrap(), [8, 8, 8]);
        assert!(large.chunk(&[8, 8], 1).is_err());
    }
}
