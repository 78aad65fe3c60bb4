//! What every test of the program needs: a folder of its own, the program, and small files made on the spot.
#![allow(dead_code)]

use std::path::Path;
use std::process::{Command, Output};

/// What the program said.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    fn of(output: Output) -> Said {
        Said {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The one JSON object on stdout.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|e| panic!("{e}: {}\n{}", self.out, self.err))
    }

    /// Panics with what was said unless all went well.
    #[track_caller]
    pub(crate) fn ok(self) -> Said {
        assert_eq!(self.code, 0, "{}{}", self.out, self.err);
        self
    }
}

/// The program in a folder, ready to be started.
pub(crate) fn command(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_petavox"));
    command.current_dir(dir).args(args).env_remove("OMP_NUM_THREADS");
    command
}

/// Runs the program in a folder.
pub(crate) fn petavox(dir: &Path, args: &[&str]) -> Said {
    Said::of(command(dir, args).output().unwrap())
}

/// Writes a npy file; `descr` is numpy's, such as `<u2`.
pub(crate) fn npy(path: &Path, descr: &str, shape: &[usize], samples: &[u8]) {
    std::fs::write(path, [&npy_header(descr, shape)[..], samples].concat()).unwrap();
}

/// The header of a npy file.
pub(crate) fn npy_header(descr: &str, shape: &[usize]) -> Vec<u8> {
    let shape: String = shape.iter().map(|s| format!("{s}, ")).collect();
    let mut text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({shape}), }}");
    while (10 + text.len() + 1) % 64 != 0 {
        text.push(' ');
    }
    text.push('\n');
    let mut header = b"\x93NUMPY\x01\x00".to_vec();
    header.extend((text.len() as u16).to_le_bytes());
    header.extend(text.as_bytes());
    header
}

/// The samples of a npy file, the header cut off.
pub(crate) fn samples(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap();
    let length = u16::from_le_bytes([bytes[8], bytes[9]]) as usize;
    bytes[10 + length..].to_vec()
}

/// A u16 volume with two bright balls on an uneven ground.
pub(crate) fn balls(path: &Path, n: usize) {
    let mut bytes = Vec::new();
    for z in 0..n {
        for y in 0..n {
            for x in 0..n {
                let near = |c: usize| {
                    [z, y, x].iter().map(|&v| v.abs_diff(c).pow(2)).sum::<usize>() < (n / 6).pow(2)
                };
                let ground = (z * 7 + y * 3 + x) % 50;
                let value = if near(n / 4) || near(3 * n / 4) { 1000 + ground } else { ground };
                bytes.extend((value as u16).to_le_bytes());
            }
        }
    }
    npy(path, "<u2", &[n, n, n], &bytes);
}

/// Compares with a stored text; `PETAVOX_UPDATE_SNAPSHOTS=1` stores it anew.
#[track_caller]
pub(crate) fn snapshot(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots").join(name);
    if std::env::var_os("PETAVOX_UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, stored, "differs from {name}; PETAVOX_UPDATE_SNAPSHOTS=1 stores it anew");
}
