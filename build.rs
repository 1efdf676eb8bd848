//! Names the build: a hash over everything the program is made from. Controller and agent compare it,
//! so two builds of one version never talk to each other by mistake.

use std::path::{Path, PathBuf};

fn main() -> std::io::Result<()> {
    let mut files = Vec::new();
    for root in ["src", "templates", "Cargo.toml", "Cargo.lock"] {
        if Path::new(root).exists() {
            println!("cargo:rerun-if-changed={root}");
            collect(Path::new(root), &mut files)?;
        }
    }
    files.sort();
    let mut hash = Fnv::new();
    for file in &files {
        hash.add(file.to_string_lossy().as_bytes());
        hash.add(&std::fs::read(file)?);
    }
    println!("cargo:rustc-env=PAIRADM_BUILD={:016x}", hash.0);
    Ok(())
}

fn collect(path: &Path, into: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if path.is_file() {
        into.push(path.to_owned());
        return Ok(());
    }
    for entry in std::fs::read_dir(path)? {
        collect(&entry?.path(), into)?;
    }
    Ok(())
}

/// FNV-1a, 64 bits: names a build, protects nothing.
struct Fnv(u64);

impl Fnv {
    fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes.iter().chain(&[0]) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
