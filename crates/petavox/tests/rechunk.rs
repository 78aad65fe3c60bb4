//! Slices into cubes within little memory: the same samples, each slice decoded about once.

use petavox::{Image, RunOptions, SaveOptions};

#[test]
fn slices_that_do_not_fit_are_decoded_once_and_written_as_cubes() {
    let folder = tempfile::tempdir().unwrap();
    let shape = [32, 512, 512];
    let n: usize = shape.iter().product();
    let samples: Vec<u16> = (0..n).map(|i| (i / 7 % 4001) as u16).collect();
    let save = |image: &Image, name: &str, chunk: [usize; 3], run: &RunOptions| {
        let path = folder.path().join(name);
        let options = SaveOptions {
            chunk_shape: Some(chunk.to_vec()),
            n_levels: Some(1),
            ..SaveOptions::default()
        };
        let saved = image.save(&path, &options, run).unwrap();
        (Image::open(&path.to_string_lossy()).unwrap(), saved)
    };
    let ample = RunOptions { base_bytes: Some(0), ..RunOptions::default() };
    let (slices, _) = save(
        &Image::from_vec(&shape, samples.clone()).unwrap(),
        "slices.zarr",
        [1, 512, 512],
        &ample,
    );
    // Beside what the process takes there is room for a row of cubes and a decoded slice, not for the 16 MiB of all rows.
    let little = RunOptions {
        memory_bytes: Some(38 << 20),
        base_bytes: Some(0),
        n_threads: Some(2),
        ..RunOptions::default()
    };
    let (cubes, saved) = save(&slices, "cubes.zarr", [32, 32, 32], &little);
    assert!(saved.read_bytes < 3 * n as u64, "{} of {} bytes", saved.read_bytes, 2 * n);
    assert_eq!(cubes.natural_chunk(), [32, 32, 32]);
    assert_eq!(cubes.compute(&ample).unwrap().typed::<u16>().unwrap(), samples);
}
