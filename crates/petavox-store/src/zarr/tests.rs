use crate::{CreateOptions, contract};
use petavox_core::{Dtype, ImageSpec};

#[test]
fn zarr_keeps_the_contract_of_writers() {
    let dir = tempfile::tempdir().unwrap();
    let spec = ImageSpec::new([7, 20, 33], Dtype::UInt16).unwrap();
    let options = CreateOptions { chunk_shape: Some(vec![3, 8, 8]), ..CreateOptions::default() };
    contract::check_writer(&dir.path().join("a.zarr"), &spec, &options);
}
