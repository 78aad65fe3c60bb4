use super::*;
use crate::CreateOptions;
use crate::contract::{check_samples, check_source, check_writer, sample_block};

fn file(header: &str, samples: &[u8]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    let len = (header.len() as u16).to_le_bytes();
    let bytes = [b"\x93NUMPY\x01\x00", &len[..], header.as_bytes(), samples].concat();
    std::fs::write(file.path(), bytes).unwrap();
    file
}

fn open(file: &tempfile::NamedTempFile) -> Result<NpySource> {
    NpySource::open(file.path(), &Limits::default())
}

#[test]
fn writers_keep_the_contract() {
    let dir = tempfile::tempdir().unwrap();
    for &dtype in Dtype::ALL {
        let spec = ImageSpec::new([3, 7, 10], dtype).unwrap();
        let chunk_shape = Some(vec![2, 3, 10]);
        let options = CreateOptions { chunk_shape, ..CreateOptions::default() };
        check_writer(&dir.path().join(format!("{dtype}.npy")), &spec, &options);
    }
    for shape in [vec![11], vec![2, 2, 2, 2, 2, 2]] {
        let spec = ImageSpec::new(shape, Dtype::UInt16).unwrap();
        check_writer(&dir.path().join("a.npy"), &spec, &CreateOptions::default());
    }
}

#[test]
fn an_array_without_axes_is_one_sample() {
    let source = open(&file("{'descr': '<u2', 'fortran_order': False, 'shape': (), }", &[7, 1]));
    let mut block = Block::zeros(Region::whole(&[]), Dtype::UInt16).unwrap();
    source.unwrap().read(&mut block).unwrap();
    assert_eq!(block.typed::<u16>().unwrap(), [263]);
    let dir = tempfile::tempdir().unwrap();
    let spec = ImageSpec::new([], Dtype::UInt16).unwrap();
    let path = dir.path().join("a.npy");
    let writer = crate::create(&path, &spec, &CreateOptions::default()).unwrap();
    let sink = writer.sink(0).unwrap();
    sink.write(&block).unwrap();
    assert!(sink.holds(block.region()).unwrap());
    sink.finish().unwrap();
    writer.finish().unwrap();
    check_samples(&NpySource::open(&path, &Limits::default()).unwrap(), &block);
    let refused = crate::create(&dir.path().join("a.zarr"), &spec, &CreateOptions::default());
    assert!(refused.is_err());
}

#[test]
fn fortran_order_and_foreign_bytes_are_turned_around() {
    let samples = sample_block(&[3, 4, 5], Dtype::UInt16);
    let values = samples.typed::<u16>().unwrap();
    let mut bytes = vec![];
    for x in 0..5 {
        for y in 0..4 {
            for z in 0..3 {
                bytes.extend(values[(z * 4 + y) * 5 + x].to_be_bytes());
            }
        }
    }
    let f = file("{'descr': '>u2', 'fortran_order': True, 'shape': (3, 4, 5), }", &bytes);
    let source = open(&f).unwrap();
    check_samples(&source, &samples);
    check_source(&source);
}

#[test]
fn big_fortran_arrays_are_read_in_pieces() {
    let shape = [300, 70, 90];
    let mut bytes = vec![0u8; 300 * 70 * 90];
    for (i, b) in bytes.iter_mut().enumerate() {
        *b = (i % 251) as u8;
    }
    let f = file("{'descr': '|u1', 'fortran_order': True, 'shape': (300, 70, 90), }", &bytes);
    let source = open(&f).unwrap();
    let mut block = Block::zeros(Region::whole(&shape), Dtype::UInt8).unwrap();
    source.read(&mut block).unwrap();
    for p in [[0, 0, 0], [299, 69, 89], [17, 33, 41]] {
        let stored = (p[2] * 70 + p[1]) * 300 + p[0];
        assert_eq!(block.bytes()[(p[0] * 70 + p[1]) * 90 + p[2]], (stored % 251) as u8);
    }
}

#[test]
fn lies_are_refused() {
    let cases = [
        "{'descr': '|u1', 'fortran_order': False, 'shape': (1000, 1000), }",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (4611686018427387904, 4), }",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (-1,), }",
        "{'descr': '|u1', 'fortran_order': False, }",
        "{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (2,), }",
        "{'descr': '<c16', 'fortran_order': False, 'shape': (2,), }",
        "",
    ];
    for header in cases {
        assert!(open(&file(header, &[0; 32])).is_err(), "{header}");
    }
    let short = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(short.path(), b"\x93NUMPY").unwrap();
    assert!(open(&short).is_err());
}
