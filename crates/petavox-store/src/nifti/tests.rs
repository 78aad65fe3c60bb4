use super::*;
use crate::contract::{check_samples, check_source, sample_block};

/// A NIfTI-1 header for axes x, y, z.
fn header(dim: &[i16], datatype: i16, slope: f32, little: bool) -> Vec<u8> {
    let mut h = vec![0; 352];
    let mut put = |at: usize, bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        if !little {
            bytes.reverse();
        }
        h[at..at + bytes.len()].copy_from_slice(&bytes);
    };
    put(0, &348i32.to_le_bytes());
    put(40, &(dim.len() as i16).to_le_bytes());
    for (i, d) in dim.iter().enumerate() {
        put(42 + 2 * i, &d.to_le_bytes());
        put(80 + 4 * i, &(0.5 * (i + 1) as f32).to_le_bytes());
    }
    put(70, &datatype.to_le_bytes());
    put(108, &352f32.to_le_bytes());
    put(112, &slope.to_le_bytes());
    put(116, &1f32.to_le_bytes());
    h[123] = 2;
    h[344..348].copy_from_slice(b"n+1\0");
    h
}

fn write(dir: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut to = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    to.write_all(bytes).unwrap();
    to.finish().unwrap()
}

#[test]
fn plain_gzipped_and_foreign_files_keep_the_contract() {
    let dir = tempfile::tempdir().unwrap();
    let samples = sample_block(&[3, 4, 5], Dtype::Int16);
    let bytes = [header(&[5, 4, 3], 4, 0.0, true), samples.bytes().to_vec()].concat();
    let swapped: Vec<u8> =
        samples.bytes().as_chunks::<2>().0.iter().flat_map(|s| [s[1], s[0]]).collect();
    let foreign = [header(&[5, 4, 3], 4, 0.0, false), swapped].concat();
    for (name, bytes) in [("a.nii", bytes.clone()), ("a.nii.gz", gzip(&bytes)), ("b.nii", foreign)]
    {
        let path = write(dir.path(), name, &bytes);
        let source = NiftiSource::open(&path, &Limits::default()).unwrap();
        assert_eq!(source.spec().axes.as_str(), "zyx");
        assert_eq!(source.spec().spacing.values, [1.5, 1.0, 0.5]);
        assert_eq!(source.spec().spacing.unit.as_deref(), Some("millimeter"));
        check_samples(&source, &samples);
        check_source(&source);
    }
}

#[test]
fn slopes_make_floats() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = [header(&[3, 1, 2], 2, 0.5, true), vec![0, 1, 2, 3, 4, 5]].concat();
    let source =
        NiftiSource::open(&write(dir.path(), "a.nii", &bytes), &Limits::default()).unwrap();
    let mut block = Block::zeros(Region::whole(&[2, 1, 3]), Dtype::Float64).unwrap();
    source.read(&mut block).unwrap();
    assert_eq!(block.typed::<f64>().unwrap(), [1.0, 1.5, 2.0, 2.5, 3.0, 3.5]);
    check_source(&source);
}

#[test]
fn lies_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let open = |bytes: &[u8]| {
        NiftiSource::open(&write(dir.path(), "a.nii", bytes), &Limits::default()).map(|_| ())
    };
    assert!(open(&header(&[500, 500, 500], 4, 0.0, true)).is_err());
    assert!(open(&header(&[-1, 5], 4, 0.0, true)).is_err());
    assert!(open(&header(&[2, 2], 32, 0.0, true)).is_err());
    assert!(open(&gzip(&header(&[32767, 32767, 32767], 4, 0.0, true))).is_err());
    let whole = gzip(&[header(&[4, 4], 2, 0.0, true), vec![7; 16]].concat());
    assert!(open(&whole).is_ok());
    assert!(open(&whole[..whole.len() - 9]).is_err());
    assert!(open(&[1]).is_err());
}

#[test]
fn a_gzipped_file_is_unpacked_into_the_folder_given_and_leaves_nothing_there() {
    let dir = tempfile::tempdir().unwrap();
    let samples = sample_block(&[3, 4, 5], Dtype::Int16);
    let bytes = [header(&[5, 4, 3], 4, 0.0, true), samples.bytes().to_vec()].concat();
    let path = write(dir.path(), "a.nii.gz", &gzip(&bytes)).display().to_string();
    let scratch = dir.path().join("scratch");
    let options = OpenOptions { scratch: Some(scratch.clone()), ..OpenOptions::default() };
    // That folder and no other: while it is missing there is nowhere to unpack to.
    let refused = crate::open(&path, &options).map(|_| ()).unwrap_err().to_string();
    assert!(refused.contains("scratch"), "{refused}");
    std::fs::create_dir(&scratch).unwrap();
    check_samples(&*crate::open(&path, &options).unwrap(), &samples);
    assert_eq!(std::fs::read_dir(&scratch).unwrap().count(), 0);
}
