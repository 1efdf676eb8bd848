//! A node's disk: an ext4 image of its own over the shared root file system.
//!
//! An image rather than a directory: it can be filled without filling the host, and it works where
//! the lab directory itself lies on an overlay, which cannot carry another one.

use super::{Lab, LabNode, Tool};
use crate::error::{Error, Result};
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Size of the image; it is sparse, so only what a node writes takes room on the host.
const SIZE: u64 = 1 << 30;

/// The image and where it is mounted.
#[derive(Debug)]
pub struct Disk {
    image: PathBuf,
    mount: PathBuf,
    root: PathBuf,
    lower: PathBuf,
}

impl Disk {
    /// The disk of `node`, whether or not it exists.
    pub fn of(lab: &Lab, node: &LabNode) -> Self {
        let dir = lab.node_dir(node);
        Self {
            image: dir.join("disk.img"),
            mount: dir.join("disk"),
            root: dir.join("root"),
            lower: lab.rootfs.clone(),
        }
    }

    /// The node's `/` as the host sees it while mounted.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Makes what is missing and mounts what is not mounted. True when the image is new.
    pub fn attach(&self) -> Result<bool> {
        for dir in [&self.mount, &self.root] {
            std::fs::create_dir_all(dir).map_err(|e| self.error("cannot make a directory", e))?;
        }
        let fresh = !self.image.exists();
        if fresh {
            self.format()?;
        }
        if !is_mounted(&self.mount)? {
            self.mount_image()?;
        }
        let (upper, work) = (self.mount.join("upper"), self.mount.join("work"));
        for dir in [&upper, &work] {
            std::fs::create_dir_all(dir).map_err(|e| self.error("cannot make a directory", e))?;
        }
        if !is_mounted(&self.root)? {
            let options = format!(
                "lowerdir={},upperdir={},workdir={}",
                self.lower.display(),
                upper.display(),
                work.display()
            );
            Tool::new("mount")
                .args(["-t", "overlay", "overlay", "-o", &options])
                .arg(&self.root)
                .run()?;
        }
        Ok(fresh)
    }

    /// In a container `/dev` does not follow the kernel: each attempt may need a loop device that the
    /// kernel has just made, and another lab may be quicker to take it.
    fn mount_image(&self) -> Result<()> {
        const ATTEMPTS: u32 = 5;
        let mount = || {
            Tool::new("mount")
                .args(["-o", "loop"])
                .arg(&self.image)
                .arg(&self.mount)
                .run()
        };
        for _ in 1..ATTEMPTS {
            match mount() {
                Err(error) if error.to_string().contains("loop device") => make_loop_nodes()?,
                other => return other.map(drop),
            }
        }
        mount().map(drop)
    }

    /// Formats under another name first: an image that exists is always complete.
    fn format(&self) -> Result<()> {
        let draft = self.image.with_extension("new");
        let file = std::fs::File::create(&draft).map_err(|e| self.error("cannot make the disk", e))?;
        file.set_len(SIZE)
            .map_err(|e| self.error("cannot size the disk", e))?;
        Tool::new("mkfs.ext4")
            .args(["-q", "-F", "-m", "0"])
            .arg(&draft)
            .run()?;
        std::fs::rename(&draft, &self.image).map_err(|e| self.error("cannot name the disk", e))
    }

    /// Unmounts everything; the image stays.
    pub fn detach(&self) -> Result<()> {
        for path in [&self.root, &self.mount] {
            while is_mounted(path)? {
                Tool::new("umount").arg(path).run()?;
            }
        }
        Ok(())
    }

    /// Leaves no free block. Reserves nearly all at once, then writes until the disk refuses.
    pub fn fill(&self) -> Result<()> {
        let path = self.filler();
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(|e| self.error("cannot make the filling file", e))?;
        let stat = rustix::fs::fstatvfs(&file).map_err(|e| self.error("cannot size the disk", e.into()))?;
        let free = stat.f_bavail * stat.f_frsize;
        if free > 0 {
            // Failing is fine: the writes below do the same, slower.
            let _ = rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::KEEP_SIZE, 0, free);
        }
        let used =
            std::fs::File::create(self.filler_tail()).map_err(|e| self.error("cannot fill the disk", e));
        let mut tail = match used {
            Ok(tail) => tail,
            Err(error) if error.cause.as_deref().is_some_and(|c| c.contains("os error 28")) => return Ok(()),
            Err(error) => return Err(error),
        };
        let block = vec![0_u8; 4096];
        loop {
            match tail.write_all(&block).and_then(|()| tail.sync_data()) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => break,
                Err(error) => return Err(self.error("cannot fill the disk", error)),
            }
        }
        let _ = file.flush();
        Ok(())
    }

    /// Gives the filled space back.
    pub fn unfill(&self) -> Result<()> {
        for path in [self.filler(), self.filler_tail()] {
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(self.error("cannot remove the filling file", error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn filler(&self) -> PathBuf {
        self.mount.join("filler")
    }

    fn filler_tail(&self) -> PathBuf {
        self.mount.join("filler.tail")
    }

    fn error(&self, what: &str, error: std::io::Error) -> Error {
        Error::incomplete("lab_disk", what)
            .at(self.image.display())
            .because(error)
    }
}

/// Makes the device files of loop devices that the kernel has and `/dev` lacks.
fn make_loop_nodes() -> Result<()> {
    for entry in std::fs::read_dir("/sys/block").into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let node = Path::new("/dev").join(&name);
        if name.starts_with("loop") && !node.exists() {
            let number = std::fs::read_to_string(entry.path().join("dev")).unwrap_or_default();
            let Some((major, minor)) = number.trim().split_once(':') else {
                continue;
            };
            let made = Tool::new("mknod")
                .arg("--mode=660")
                .arg(&node)
                .args(["b", major, minor])
                .run();
            if made.is_err() && !node.exists() {
                return made.map(drop);
            }
        }
    }
    Ok(())
}

/// True when something is mounted at `path`.
pub fn is_mounted(path: &Path) -> Result<bool> {
    let table = std::fs::read_to_string("/proc/self/mounts")
        .map_err(|error| Error::refused("lab_mounts", "cannot read the mount table").because(error))?;
    let wanted = path.to_string_lossy().replace(' ', "\\040");
    Ok(table.lines().any(|line| line.split(' ').nth(1) == Some(&wanted)))
}
